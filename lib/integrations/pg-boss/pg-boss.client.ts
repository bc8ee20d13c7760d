/** Job for a bulk insert, with the options that its version of pg-boss knows. @publicApi */
export interface NewJob {
  readonly id: string;
  readonly data: object;
  readonly [option: string]: unknown;
}

/** A job as a worker is handed it. @publicApi */
export interface FetchedJob {
  readonly id: string;
  readonly data: unknown;
  readonly expireInSeconds: number;
  /** Number of this attempt. Version 10 does not say. */
  readonly retryCount?: number;
}

/** @publicApi */
export interface FetchOptions {
  readonly batchSize: number;
  readonly pollingIntervalSeconds: number;
  /** Version 10 ignores it. */
  readonly notifyPollingIntervalSeconds: number;
}

/** Connection that a bulk insert may write through instead of pg-boss's own. @publicApi */
export interface SqlConnection {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** @publicApi */
interface InsertOptions {
  readonly db?: SqlConnection;
}

interface AnyPgBoss {
  start(): Promise<unknown>;
  stop(options?: { graceful?: boolean; timeout?: number }): Promise<void>;
  createQueue(name: string, options?: object): Promise<unknown>;
  getQueue(name: string): Promise<object | null>;
  notifyWorker(workerId: string): void;
  resume(queue: string, ids: string[], options: InsertOptions): Promise<unknown>;
  getDb(): SqlConnection;
  on(event: 'error', listener: (error: Error) => void): unknown;
  listenerCount(event: 'error'): number;
}

/** The parts of a `PgBoss` of version 10 that are called. @publicApi */
export interface PgBoss10Client extends AnyPgBoss {
  insert(jobs: (NewJob & { readonly name: string })[], options: InsertOptions): Promise<unknown>;
  work(
    queue: string,
    options: FetchOptions,
    handler: (jobs: FetchedJob[]) => Promise<void>,
  ): Promise<string>;
  offWork(options: { id: string }): Promise<void>;
  complete(queue: string, ids: string[]): Promise<unknown>;
  fail(queue: string, id: string, output: object): Promise<unknown>;
}

/** End of one job of a batch, in version 12. @publicApi */
export interface JobResult {
  id: string;
  status: 'completed' | 'failed' | 'deadletter';
  output?: unknown;
}

/** The parts of a `PgBoss` of version 12 that are called. @publicApi */
export interface PgBoss12Client extends AnyPgBoss {
  insert(queue: string, jobs: NewJob[], options: InsertOptions): Promise<unknown>;
  work(
    queue: string,
    options: FetchOptions & { readonly perJobResults: true },
    handler: (jobs: FetchedJob[]) => Promise<JobResult[]>,
  ): Promise<string>;
  offWork(queue: string, options: { id: string; wait: true }): Promise<void>;
  /** Tells the version, and is not called. */
  getQueueStats(queue: string): Promise<unknown>;
}

/** A `PgBoss` of either version; the real ones fit. @publicApi */
export type PgBossClient = PgBoss10Client | PgBoss12Client;
