import type { FetchedJob, FetchOptions, NewJob, SqlConnection } from './pg-boss.client.js';

/** Runs one job; rejects if it failed. @internal */
export type RunJob = (job: FetchedJob) => Promise<void>;

/** What executor and worker need of pg-boss, whatever its version. @internal */
export interface JobEngine {
  /** The options that a job of its bulk insert may carry. Others would be left out without a word. */
  readonly jobOptions: readonly string[];
  /** @param connection of the transaction to write in @default one of its own */
  insert(queue: string, jobs: readonly NewJob[], connection: SqlConnection | undefined): Promise<void>;
  /**
   * Fetches jobs and runs them one after the other from now on, without a pause as long as there are enough.
   *
   * @returns what stops it: resolves when what was fetched has ended
   */
  work(queue: string, options: FetchOptions, run: RunJob): Promise<() => Promise<void>>;
}

/** How one job of a batch ended. @internal */
export interface JobEnd {
  readonly job: FetchedJob;
  readonly failure?: { readonly error: unknown };
}

/** Runs a batch in its order; a job that fails does not stop the others. @internal */
export async function runBatch(jobs: readonly FetchedJob[], run: RunJob): Promise<readonly JobEnd[]> {
  const ends: JobEnd[] = [];
  for (const job of jobs) {
    try {
      await run(job);
      ends.push({ job });
    } catch (error) {
      ends.push({ job, failure: { error } });
    }
  }
  return ends;
}
