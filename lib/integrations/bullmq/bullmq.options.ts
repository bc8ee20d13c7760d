import type { ConnectionOptions, JobsOptions, WorkerOptions } from 'bullmq';
import type { Intent } from '../../core/model/intent.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';

/**
 * Options of every job, such as `delay`, `priority`, `attempts`, `backoff` and
 * `removeOnComplete`. @publicApi
 */
export type BullMqJobOptions = Omit<JobsOptions, 'jobId' | 'repeat' | 'parent'>;

/** Options of the workers in this process: BullMQ's own, and the queues they serve. @publicApi */
export interface BullMqWorkerOptions extends Omit<
  WorkerOptions,
  'connection' | 'prefix' | 'autorun'
> {
  /** Queues to serve, with a worker each. @default the one that `queue` names */
  readonly queues?: readonly string[];
}

/** Options of `AirlockBullMqModule.forRoot`. @publicApi */
export interface AirlockBullMqOptions extends RemoteOptions {
  /**
   * Connection to Redis: a URL, options of ioredis, or an ioredis client. A client is duplicated
   * and otherwise left alone: its owner closes it.
   */
  readonly connection: string | ConnectionOptions;
  /** Prefix of the keys in Redis. @default 'bull' */
  readonly prefix?: string;
  /** Queue that effects go to and workers take them from. @default 'airlock' */
  readonly queue?: string;
  /**
   * Returns the queue of an effect, if they do not all go to one. @default the queue that `queue`
   * names
   */
  queueFor?(intent: Intent): string;
  /**
   * Options of every job, which the `dispatchOptions` of an effect override. @default BullMQ's,
   * which try a job once and keep it for ever
   */
  readonly jobOptions?: BullMqJobOptions;
  /**
   * True, or options, if this process runs effects too. False if it only sends them; another
   * process must run them. @default false
   */
  readonly worker?: boolean | BullMqWorkerOptions;
  /**
   * Time that the start of the application and each flush wait for Redis, in milliseconds. @default
   * 5_000
   */
  readonly dispatchTimeoutMs?: number;
}
