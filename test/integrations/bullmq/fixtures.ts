import { randomUUID } from 'node:crypto';
import { Injectable, type ModuleMetadata, type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { AirlockModule, type AirlockModuleOptions, SideEffect } from 'nestjs-airlock';
import {
  AirlockBullMqModule,
  type AirlockBullMqOptions,
  BullMqExecutor,
} from 'nestjs-airlock/bullmq';
import { redis as server } from '../../servers.js';
import { Lines } from '../remote.js';
import { RedisMonitor } from './redis-monitor.js';

export { server };
export { until, within } from '../remote.js';

/** Effects of the application under test; each instance notes what it did. */
@Injectable()
export class Mail {
  readonly sent: unknown[] = [];

  @SideEffect()
  async send(text: unknown): Promise<void> {
    this.sent.push(text);
  }

  @SideEffect({ name: 'mail.letter' })
  async sendLetter(...args: unknown[]): Promise<void> {
    this.sent.push(args);
  }

  @SideEffect({ dispatchOptions: { attempts: 3, backoff: { type: 'fixed', delay: 5 } } })
  async sendStubbornly(text: string): Promise<void> {
    this.sent.push(text);
    throw new Error(`${text} came back`);
  }
}

interface Application {
  readonly airlock?: AirlockModuleOptions;
  readonly bullmq?: Partial<AirlockBullMqOptions>;
  readonly providers?: Provider[];
  readonly imports?: ModuleMetadata['imports'];
}

/** Applications and queues of one suite; everything is closed and removed after each test. */
export class Bench {
  readonly lines = new Lines();
  /** A queue of its own for each test. */
  queue = '';
  redis!: Redis;
  private readonly applications: TestingModule[] = [];
  private readonly queues = new Map<string, Queue>();
  private readonly names = new Set<string>();

  constructor() {
    beforeEach(() => {
      this.queue = this.newName();
      this.redis = new Redis(server.url, { maxRetriesPerRequest: null });
    });
    afterEach(async () => {
      await Promise.all(this.applications.splice(0).map((application) => application.close()));
      for (const name of this.names) await this.queueOf(name).obliterate({ force: true });
      for (const queue of this.queues.values()) await queue.close();
      this.queues.clear();
      this.names.clear();
      this.redis.disconnect();
      this.lines.all.length = 0;
    });
  }

  newName(): string {
    const name = `test-${randomUUID().slice(0, 8)}`;
    this.names.add(name);
    return name;
  }

  /** Sends effects, runs none. */
  async producer({
    airlock,
    bullmq,
    providers = [],
    imports = [],
  }: Application = {}): Promise<TestingModule> {
    return this.boot({
      imports: [
        AirlockModule.forRoot({ executor: BullMqExecutor, ...airlock }),
        AirlockBullMqModule.forRoot({ connection: server.url, queue: this.queue, ...bullmq }),
        ...imports,
      ],
      providers: [Mail, ...providers],
    });
  }

  /** Runs effects of this test's queue. */
  async worker({ bullmq, ...rest }: Application = {}): Promise<TestingModule> {
    return this.producer({ bullmq: { worker: true, ...bullmq }, ...rest });
  }

  async boot(metadata: ModuleMetadata): Promise<TestingModule> {
    const application = await Test.createTestingModule(metadata)
      .setLogger(this.lines as never)
      .compile();
    await application.init();
    this.applications.push(application);
    return application;
  }

  /** BullMQ's own view of a queue. */
  queueOf(name = this.queue): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined)
      this.queues.set(name, (queue = new Queue(name, { connection: this.redis })));
    return queue;
  }

  /**
   * The commands that reached Redis while `work` ran, by connection: those of the connections that
   * added jobs to this test's queue.
   */
  async monitored(work: () => Promise<unknown>): Promise<readonly (readonly string[])[]> {
    const monitor = await RedisMonitor.start(server.url);
    const end = randomUUID();
    await work();
    await this.redis.echo(end);
    const bySource = new Map<string, string[][]>();
    for (const { source, args } of await monitor.until(end)) {
      if (source !== 'lua') bySource.set(source, [...(bySource.get(source) ?? []), [...args]]);
    }
    return [...bySource.values()]
      .filter((commands) =>
        commands.some((args) => args.some((arg) => arg === `bull:${this.queue}:wait`)),
      )
      .map((commands) => commands.map(([name]) => name!.toLowerCase()));
  }

  async jobs(name = this.queue): Promise<Job[]> {
    return this.queueOf(name).getJobs(
      ['waiting', 'delayed', 'prioritized', 'completed', 'failed', 'active'],
      0,
      -1,
      true,
    );
  }
}
