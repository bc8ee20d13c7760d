import { Inject, Injectable } from '@nestjs/common';
import { type ConnectionOptions, type Job, type JobsOptions, Queue, RedisConnection } from 'bullmq';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { HEALTH_PROBE, type HealthProbe, type TellsHealth } from '../health-probe.js';
import type { EngineLink } from '../remote.module.js';
import { BullMqSettings } from './bullmq.settings.js';
import { addressOfRedis, lineTo, sendingConnection } from './connection.js';
import { oneAtATime } from '../one-at-a-time.js';
import { withoutPayload } from '../without-payload.js';
import {
  isConnectionError,
  isElsewhere,
  isScriptGone,
  mostTelling,
  problemOf,
} from './redis-errors.js';

/** @internal */
export interface JobToAdd {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions;
}

/** Course of bulks that are sent one after the other. @internal */
export interface Course {
  /** False to fail at once where there is no connection. */
  isPatient: boolean;
  /**
   * True if each waits for the one before to end, so that none overtakes one that is late or has to
   * be sent again.
   */
  isHeldUp: boolean;
}

/** The parts that are used of the client that BullMQ makes or wraps. */
interface Client {
  readonly status: string;
  readonly stream?: {
    destroy(): void;
    resetAndDestroy(): void;
    readonly destroyed: boolean;
    readonly encrypted?: boolean;
  };
  pipeline: unknown;
  multi(): unknown;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  ping(): Promise<unknown>;
  quit(): Promise<unknown>;
  once(event: 'ready', listener: () => void): unknown;
}

/**
 * The connection that effects are sent through. All waiting is bounded, and what was reported as
 * failed is not sent later.
 *
 * @internal
 */
@Injectable()
export class RedisLink implements EngineLink, TellsHealth {
  private readonly queues = new Map<string, Queue>();
  /**
   * Queues that have taken jobs. Before that, BullMQ may send, or refuse, the next jobs before the
   * first.
   */
  private readonly proven = new WeakSet<Queue>();
  /**
   * Made when it is first needed: an application that fails to start before leaves nothing open.
   */
  private connecting: Promise<Client> | undefined;
  private readying: Promise<void> | undefined;
  private isClosed = false;
  /** Why it is not connected, as far as is known. */
  private trouble: unknown;

  constructor(@Inject(BullMqSettings) private readonly settings: BullMqSettings) {}

  /** Identity of the Redis: one value for each. */
  get line(): unknown {
    return lineTo(this.settings.connection, this);
  }

  /** @throws EngineUnreachableError */
  async open(): Promise<void> {
    await this.ready(
      new Deadline(this.settings.dispatchTimeoutMs),
      'the application cannot start',
      'not sent',
    );
  }

  get [HEALTH_PROBE](): HealthProbe {
    return {
      name: 'BullMQ',
      ask: async (deadline) => {
        const client = await this.ready(deadline, 'no effect can be sent', 'not sent');
        await deadline.within(this.ping(client));
        return undefined;
      },
    };
  }

  private readonly ping = oneAtATime((client: Client) => client.ping());

  /** Whether jobs for a queue are sent, or refused, as soon as they are added. */
  isSetUp(name: string): boolean {
    const queue = this.queues.get(name);
    return queue !== undefined && this.proven.has(queue);
  }

  /**
   * Adds jobs to a queue, all of them or none. One that is there already, by its id, is not added
   * again: so the call can be repeated when the connection broke and nobody knows what arrived.
   *
   * @throws EngineUnreachableError; whatever BullMQ or Redis have against a job
   */
  async add(name: string, jobs: readonly JobToAdd[], course: Course): Promise<readonly Job[]> {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    const notSent = `${jobs.length} effect(s) for queue "${name}" were not sent`;
    const inDoubt = `whether ${jobs.length} effect(s) for queue "${name}" got in is not known; all did or none`;
    if (!course.isPatient && !isReady(await this.client()))
      throw this.unreachable(notSent, 'not sent');
    let client = await this.ready(deadline, notSent, 'not sent');
    let [consequence, delivery]: [string, EngineUnreachableError['delivery']] = [
      notSent,
      'not sent',
    ];
    for (;;) {
      try {
        const queue = this.queueOn(client, name);
        const added = await deadline.within(queue.addBulk([...jobs]));
        this.proven.add(queue);
        return added;
      } catch (error) {
        const isLate = error instanceof TimedOut;
        const reason = mostTelling(error);
        const isRefused = isElsewhere(reason);
        // A connection that is kept would stay with this server.
        if (isLate || isRefused || isScriptGone(error)) cut(client);
        else if (!isConnectionError(error)) throw withoutPayload(reason);
        if (!isRefused) [consequence, delivery] = [inDoubt, 'unknown'];
        course.isHeldUp = true;
        this.forget(name);
        if (!isLate) this.trouble = reason;
        if (isLate || !course.isPatient || !(await deadline.pause(isRefused ? 100 : 20)))
          throw this.unreachable(consequence, delivery);
        client = await this.ready(deadline, consequence, delivery);
      }
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const name of this.queues.keys()) this.forget(name);
    const client = await this.connecting?.catch(() => undefined);
    if (client?.status === 'ready')
      await new Deadline(this.settings.dispatchTimeoutMs).within(client.quit()).catch(() => {});
    client?.disconnect();
  }

  private client(): Promise<Client> {
    return (this.connecting ??= this.connect());
  }

  private async connect(): Promise<Client> {
    const connection = new RedisConnection(sendingConnection(this.settings.connection), {
      shared: false,
      blocking: false,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    connection.on('error', (error: unknown) => (this.trouble = error));
    const client = (await connection.client) as unknown as Client;
    // BullMQ's bulk commands become transactions: where a connection breaks, all of one have
    // arrived or none.
    client.pipeline = () => client.multi();
    return client;
  }

  private async ready(
    deadline: Deadline,
    consequence: string,
    delivery: EngineUnreachableError['delivery'],
  ): Promise<Client> {
    if (this.isClosed) throw this.unreachable(consequence, delivery);
    const client = await this.client();
    if (isReady(client)) {
      this.trouble = undefined;
      return client;
    }
    // One that connects when it is told to; one that has given up.
    if (['wait', 'end'].includes(client.status))
      client.connect().catch((error: unknown) => (this.trouble = error));
    try {
      await deadline.within(this.nextReady(client));
    } catch {
      throw this.unreachable(consequence, delivery, deadline);
    }
    return client;
  }

  /** Waits for the client, with one listener however many flushes wait for it. */
  private nextReady(client: Client): Promise<void> {
    return (this.readying ??= new Promise((resolve) => {
      client.once('ready', () => {
        this.readying = undefined;
        resolve();
      });
    }));
  }

  private queueOn(client: Client, name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, {
        connection: client as unknown as ConnectionOptions,
        prefix: this.settings.prefix,
      });
      queue.on('error', (error) => (this.trouble = error));
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** A queue of BullMQ does not recover from a connection that breaks while it is being set up. */
  private forget(name: string): void {
    const queue = this.queues.get(name);
    this.queues.delete(name);
    // Closed before its set-up has ended, it would throw where nobody catches it.
    void queue
      ?.waitUntilReady()
      .catch(() => {})
      .then(() => queue.close())
      .catch(() => {});
  }

  private unreachable(
    consequence: string,
    delivery: EngineUnreachableError['delivery'],
    deadline?: Deadline,
  ): EngineUnreachableError {
    const { connection, dispatchTimeoutMs } = this.settings;
    const waited = this.isClosed ? undefined : (deadline?.timeoutMs ?? dispatchTimeoutMs);
    const cause = withoutPayload(this.trouble);
    return new EngineUnreachableError(
      addressOfRedis(connection),
      waited,
      delivery,
      consequence,
      { cause },
      problemOf(this.trouble),
      deadline?.option,
    );
  }
}

/** True if a client can send. One whose connection was cut still says so until it has noticed. */
function isReady({ status, stream }: Client): boolean {
  return status === 'ready' && stream?.destroyed !== true;
}

/** Throws away what has not left this process yet; the client connects anew. */
function cut(client: Client): void {
  const { stream } = client;
  if (stream === undefined) client.disconnect(true);
  else if (stream.encrypted === true) stream.destroy();
  else stream.resetAndDestroy();
}
