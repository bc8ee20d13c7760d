import type { FetchedJob, FetchOptions, NewJob, SqlConnection } from './pg-boss.client.js';

/** Runs one job; rejects if it failed. @internal */
export type RunJob = (job: FetchedJob) => Promise<void>;

/** Port by which executor and workers use pg-boss, whatever its version. @internal */
export interface JobEngine {
  /** Options that a job of its bulk insert may carry. pg-boss silently leaves out others. */
  readonly jobOptions: readonly string[];
  /** @param connection of the transaction to write in @default pg-boss's own */
  insert(
    queue: string,
    jobs: readonly NewJob[],
    connection: SqlConnection | undefined,
  ): Promise<void>;
  /**
   * Begins to fetch jobs and to run them one after the other, without a pause while batches are
   * full.
   */
  work(queue: string, options: FetchOptions, run: RunJob): Promise<JobWorker>;
}

/** Worker of one queue. @internal */
export interface JobWorker {
  /**
   * Stops fetching, and begins no further job.
   *
   * @returns a Promise that resolves when the jobs that have begun are settled, and the others
   *   given back
   */
  drain(): Promise<void>;
  /** Stops waiting for a running job, which counts as failed if there are others in its batch. */
  abandon(): Promise<void>;
}
