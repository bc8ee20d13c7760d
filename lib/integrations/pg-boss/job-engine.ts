import type { FetchedJob, FetchOptions, NewJob, SqlConnection } from './pg-boss.client.js';

/** Runs one job; rejects if it failed. @internal */
export type RunJob = (job: FetchedJob) => Promise<void>;

/** Port for all that executor and workers need of pg-boss, whatever its version. @internal */
export interface JobEngine {
  /**
   * The options that a job of its bulk insert may carry. Others would be left out without a word.
   */
  readonly jobOptions: readonly string[];
  /** @param connection of the transaction to write in @default one of its own */
  insert(
    queue: string,
    jobs: readonly NewJob[],
    connection: SqlConnection | undefined,
  ): Promise<void>;
  /**
   * Fetches jobs and runs them one after the other from now on, without a pause as long as there
   * are enough.
   */
  work(queue: string, options: FetchOptions, run: RunJob): Promise<JobWorker>;
}

/** A worker of one queue. @internal */
export interface JobWorker {
  /**
   * Fetches no more and begins no further job.
   *
   * @returns when those of its batch that have begun are settled, and the others given back
   */
  drain(): Promise<void>;
  /**
   * Waits no longer for one that is running, if there are others in its batch: it counts as failed.
   */
  abandon(): Promise<void>;
}
