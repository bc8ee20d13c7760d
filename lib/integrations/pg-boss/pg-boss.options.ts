import type { InjectionToken } from '@nestjs/common';
import type { Intent } from '../../core/model/intent.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';
import type { PgBossClient } from './pg-boss.client.js';

/** Options of `new PgBoss(options)`, of whatever version is installed. @publicApi */
export interface PgBossConstructorOptions {
  // `undefined` too: `process.env` gives it under `exactOptionalPropertyTypes`.
  readonly connectionString?: string | undefined;
  /** @default 'pgboss' */
  readonly schema?: string;
  // `any`: an interface, as pg-boss has one, fits no index signature of anything else.
  readonly [option: string]: any;
}

/**
 * Options of a job, here or in an effect's `dispatchOptions`. They are passed on as they are. An
 * option that the installed version does not know is refused.
 *
 * @publicApi
 */
export interface PgBossJobOptions {
  /** Higher first. @default 0 */
  readonly priority?: number;
  /** Seconds from now, or a moment. @default at once */
  readonly startAfter?: number | string | Date;
  readonly singletonKey?: string;
  readonly singletonSeconds?: number;
  readonly retryLimit?: number;
  /** Seconds. */
  readonly retryDelay?: number;
  readonly retryBackoff?: boolean;
  /** Seconds; version 12. */
  readonly retryDelayMax?: number;
  readonly expireInSeconds?: number;
  /** Version 12. */
  readonly retentionSeconds?: number;
  /** Version 12. */
  readonly deleteAfterSeconds?: number;
  /** Version 12. */
  readonly heartbeatSeconds?: number;
  /** Version 10. */
  readonly keepUntil?: string | Date;
  /** Name of a queue that exists. */
  readonly deadLetter?: string;
  /** Version 12. */
  readonly group?: { readonly id: string; readonly tier?: string };
}

/** Options of `boss.createQueue`, of whatever version is installed. @publicApi */
export interface PgBossQueueOptions {
  /**
   * Queue for jobs that failed for good. It is created too, but has no worker: its jobs are for
   * people to look at.
   */
  readonly deadLetter?: string;
  readonly retryLimit?: number;
  readonly retryDelay?: number;
  readonly retryBackoff?: boolean;
  readonly policy?: string;
  readonly [option: string]: unknown;
}

/** Options of the workers in this process. @publicApi */
export interface PgBossWorkerOptions {
  /** The queues to serve. @default `queue` and `queues`, but no dead letter queue */
  readonly queues?: readonly string[];
  /**
   * Most effects that run at the same time, for each queue. With more than one they run in no
   * order. @default 1
   */
  readonly concurrency?: number;
  /**
   * Most jobs that one fetch takes; they run one after the other and share the time of
   * `expireInSeconds`. @default 1
   */
  readonly batchSize?: number;
  /** Interval at which an idle worker looks for jobs, in seconds; at least 0.5. @default 1 */
  readonly pollingIntervalSeconds?: number;
  /**
   * Interval on a queue with `notify: true` of a pg-boss 12 that listens: new jobs then come at
   * once, but delayed ones and those to be tried again wait for it. @default what
   * `pollingIntervalSeconds` says
   */
  readonly notifyPollingIntervalSeconds?: number;
}

/** Options of `AirlockPgBossModule.forRoot`. @publicApi */
export interface AirlockPgBossOptions extends RemoteOptions {
  /**
   * `PgBoss`, or the token of a provider that is one: it is started if necessary, and its owner
   * stops it. Or options to build one, which is started and stopped with the application.
   */
  readonly boss: PgBossClient | InjectionToken | PgBossConstructorOptions;
  /** Queue that effects go to and workers take them from. @default 'airlock' */
  readonly queue?: string;
  /**
   * Returns the queue of an effect, if they do not all go to one: `queue` or one of `queues`.
   * @default the queue that `queue` names
   */
  queueFor?(intent: Intent): string;
  /**
   * Further queues, and options for them and for `queue`. They are used where a queue is created.
   * @default none
   */
  readonly queues?: Readonly<Record<string, PgBossQueueOptions>>;
  /**
   * True if missing queues are created. False if somebody else creates them: then a missing one
   * stops the boot.
   * @default true
   */
  readonly createQueues?: boolean;
  /**
   * Options of every job, which the `dispatchOptions` of an effect override. @default pg-boss's and
   * those of the queue
   */
  readonly jobOptions?: PgBossJobOptions;
  /**
   * True, or options, if this process runs effects too. False if it only sends them; another
   * process must run them. @default false
   */
  readonly worker?: boolean | PgBossWorkerOptions;
  /**
   * Time that the start of the application, where pg-boss may have to migrate its schema, and each
   * flush wait for PostgreSQL, in milliseconds. @default 30_000
   */
  readonly dispatchTimeoutMs?: number;
}
