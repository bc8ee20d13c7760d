import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type ConnectionOptions, type Job, UnrecoverableError, Worker } from 'bullmq';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { named } from '../../errors/quoted.js';
import { isError, messageOf, stacksOf } from '../../errors/thrown.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { QueueWorkers } from '../queue.workers.js';
import { withoutPayload } from '../without-payload.js';
import { BullMqSettings } from './bullmq.settings.js';
import { addressOfRedis, isConstructed, workingConnection } from './connection.js';
import { isConnectionError, problemOf } from './redis-errors.js';
import { RedisLink } from './redis-link.js';

/** A worker of BullMQ for each queue. @internal */
@Injectable()
export class BullMqWorkers extends QueueWorkers<BullMqSettings> implements OnApplicationShutdown {
  protected readonly engine = 'BullMQ';
  protected readonly logger = new Logger('AirlockBullMq');
  private readonly workers: Worker[] = [];
  private readonly connections: ConnectionOptions[] = [];
  /** Number of effects that are running. */
  private running = 0;
  private onIdle: (() => void) | undefined;
  /** Reason why a worker is not ready, as far as is known. */
  private trouble: Error | undefined;

  constructor(
    @Inject(BullMqSettings) settings: BullMqSettings,
    @Inject(RedisLink) private readonly link: RedisLink,
    @Inject(EffectWorker) effects: EffectWorker,
  ) {
    super(settings, effects);
  }

  /** @throws EngineUnreachableError; the error of BullMQ for options of a worker that it refuses */
  protected async start(queues: readonly string[]): Promise<void> {
    const { dispatchTimeoutMs } = this.settings;
    try {
      for (const queue of queues) this.workers.push(this.workerOf(queue));
      await new Deadline(dispatchTimeoutMs).within(
        Promise.all(this.workers.map((worker) => worker.waitUntilReady())),
      );
    } catch (error) {
      await this.close();
      // Nest closes nothing if an application fails to start.
      await this.link.close();
      if (!(error instanceof TimedOut) && !isConnectionError(error)) throw error;
      throw new EngineUnreachableError(
        addressOfRedis(this.settings.connection),
        dispatchTimeoutMs,
        'not sent',
        'no effect can be run',
        { cause: withoutPayload(this.trouble ?? (error instanceof TimedOut ? undefined : error)) },
        problemOf(this.trouble ?? error),
      );
    }
    for (const worker of this.workers)
      worker.run().catch((error: unknown) => this.logger.error(withoutPayload(error)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /**
   * Closes by force: all jobs that were fetched have ended, or have had their time. An effect that
   * is still running keeps its lock for a while; then another worker may take it. Otherwise BullMQ
   * would wait until a Redis that is gone is back.
   */
  private async close(): Promise<void> {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    await Promise.all(
      this.workers.map((worker) => deadline.within(worker.close(true)).catch(() => {})),
    );
    for (const connection of this.connections) (connection as { disconnect(): void }).disconnect();
  }

  /**
   * Waits until all jobs that were fetched have ended. If Redis is gone, BullMQ cannot tell: then
   * it waits until no effect runs here, and for a limited time after that.
   */
  protected async drain(): Promise<void> {
    const paused = Promise.all(this.workers.map((worker) => worker.pause()));
    const idle = this.idle().then(() =>
      new Deadline(this.settings.dispatchTimeoutMs).within(paused).catch(() => {}),
    );
    await Promise.race([paused, idle]);
  }

  private async idle(): Promise<void> {
    if (this.running > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }

  private workerOf(queue: string): Worker {
    const { prefix, worker: options } = this.settings;
    const connection = workingConnection(this.settings.connection);
    if (isConstructed(connection)) this.connections.push(connection as ConnectionOptions);
    const worker = new Worker(queue, (job) => this.run(job), {
      ...options,
      connection,
      prefix,
      autorun: false,
    });
    let last = '';
    worker.on('error', (error) => {
      // Logs one line for an outage, not one for each attempt to connect.
      if (error.message !== last)
        this.logger.error(`Worker of queue "${queue}": ${error.message}`, error.stack);
      last = error.message;
      this.trouble = error;
    });
    worker.on('active', () => (last = ''));
    worker.on('failed', (job, error) => this.logFailure(queue, job, error));
    return worker;
  }

  private async run(job: Job): Promise<void> {
    this.running++;
    try {
      await this.effects.run(job.data, this.settings.options, job.attemptsMade + 1);
    } catch (error) {
      if (error instanceof UnknownEffectError) throw failingForGood(job, error);
      // BullMQ reads properties of whatever is thrown.
      throw isError(error) ? error : new Error(messageOf(error), { cause: error });
    } finally {
      if (--this.running === 0) this.onIdle?.();
    }
  }

  private logFailure(queue: string, job: Job | undefined, error: Error): void {
    const [name, id] =
      job === undefined ? ['(unknown)', '(unknown)'] : [named(job.name), named(job.id)];
    const what = `Effect ${name} (job ${id} of queue "${queue}") failed`;
    if (job !== undefined && job.finishedOn === undefined) {
      this.logger.warn(
        `${what} in attempt ${job.attemptsMade} of ${named(job.opts.attempts)}: ${messageOf(error)}`,
      );
    } else this.logger.error(`${what} for good: ${messageOf(error)}`, stacksOf(error));
  }
}

/**
 * Fails a job for good, and keeps it among the failed ones, whatever its options say: no attempt
 * of a worker like this one would help.
 */
function failingForGood(job: Job, cause: UnknownEffectError): UnrecoverableError {
  job.opts.removeOnFail = false;
  return Object.assign(new UnrecoverableError(cause.message), { cause });
}
