import { BullModule } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import { type Job, type JobsOptions, Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { delay } from '../../e2e/http/fixtures.js';
import { redis as server } from '../../servers.js';

/** How a job has ended, as the queue keeps it. */
export interface Ending {
  readonly state: string;
  readonly returnvalue: unknown;
  readonly failedReason: string | undefined;
  readonly attemptsMade: number;
}

/**
 * The queues of one spec file, as somebody outside the applications sees them; all keys are removed
 * at its end.
 */
export class Jobs {
  /** Of all keys, and in the names of all the applications' connections. */
  readonly prefix = `airlock-${randomUUID()}`;
  private readonly queues = new Map<string, Queue>();
  private readonly events = new Map<string, Promise<QueueEvents>>();
  private client: Redis | undefined;

  /** What applications import; processors need no more. */
  modules(...queues: readonly string[]): readonly DynamicModule[] {
    // Connections that are lost are made again at once.
    const connection = { ...address(), connectionName: this.prefix, retryStrategy: () => 5 };
    return [
      BullModule.forRoot({ prefix: this.prefix, connection }),
      BullModule.registerQueue(...queues.map((name) => ({ name }))),
    ];
  }

  async open(): Promise<void> {
    this.client = new Redis(server.url, { maxRetriesPerRequest: null });
    await this.client.ping();
  }

  /** Our own connection, which nobody cuts. */
  get redis(): Redis {
    return this.client!;
  }

  queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, { prefix: this.prefix, connection: this.redis });
      // Each job that is waited for listens.
      queue.setMaxListeners(0);
      this.queues.set(name, queue);
    }
    return queue;
  }

  async add(name: string, data: unknown = {}, options: JobsOptions = {}): Promise<Job> {
    return this.queue(name).add('job', data, options);
  }

  /** Adds a job and ends as it does. */
  async call(name: string, data: unknown): Promise<unknown> {
    const events = await this.eventsOf(name);
    const job = await this.add(name, data);
    return job.waitUntilFinished(events) as Promise<unknown>;
  }

  async ended(name: string, { id }: Job): Promise<Ending> {
    for (;;) {
      // First, since the job may end at any time.
      const state = await this.queue(name).getJobState(id!);
      const job = (await this.queue(name).getJob(id!)) as Job;
      const { returnvalue, failedReason, attemptsMade } = job;
      if (state === 'completed' || state === 'failed')
        return { state, returnvalue, failedReason, attemptsMade };
      await delay(5);
    }
  }

  /** Breaks every connection of the applications, and tells how many there were. */
  async killConnections(): Promise<number> {
    const clients = String(await this.redis.client('LIST'));
    const ids = clients
      .split('\n')
      .filter((line) => line.includes(this.prefix))
      .map((line) => /^id=(\d+)/.exec(line)![1]!);
    let killed = 0;
    for (const id of ids) killed += Number(await this.redis.client('KILL', 'ID', id));
    return killed;
  }

  async close(): Promise<void> {
    for (const events of this.events.values()) await (await events).close();
    for (const queue of this.queues.values()) await queue.close();
    const keys = await this.redis.keys(`${this.prefix}*`);
    if (keys.length > 0) await this.redis.del(...keys);
    this.redis.disconnect();
  }

  private eventsOf(name: string): Promise<QueueEvents> {
    let events = this.events.get(name);
    if (events === undefined) {
      events = (async () => {
        const queueEvents = new QueueEvents(name, { prefix: this.prefix, connection: address() });
        queueEvents.setMaxListeners(0);
        await queueEvents.waitUntilReady();
        return queueEvents;
      })();
      this.events.set(name, events);
    }
    return events;
  }
}

function address(): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(server.url);
  return { host: hostname, port: Number(port || 6379) };
}
