import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { type JobEnd, type JobEngine, runBatch, type RunJob } from './job-engine.js';
import type { FetchedJob, FetchOptions, JobResult, NewJob, PgBoss12Client, SqlConnection } from './pg-boss.client.js';

/** @internal */
export class PgBoss12Engine implements JobEngine {
  readonly jobOptions = [
    'priority',
    'startAfter',
    'singletonKey',
    'singletonSeconds',
    'retryLimit',
    'retryDelay',
    'retryBackoff',
    'retryDelayMax',
    'expireInSeconds',
    'retentionSeconds',
    'deleteAfterSeconds',
    'heartbeatSeconds',
    'deadLetter',
    'group',
  ];

  constructor(private readonly boss: PgBoss12Client) {}

  async insert(queue: string, jobs: readonly NewJob[], connection: SqlConnection | undefined): Promise<void> {
    await this.boss.insert(queue, [...jobs], connection === undefined ? {} : { db: connection });
  }

  async work(queue: string, options: FetchOptions, run: RunJob): Promise<() => Promise<void>> {
    const { boss } = this;
    let id: string | undefined;
    const handle = async (jobs: FetchedJob[]): Promise<JobResult[]> => {
      const ends = await runBatch(jobs, run);
      // A full batch: there may be more, so the next fetch does not wait for the next poll.
      if (id !== undefined && jobs.length >= options.batchSize) boss.notifyWorker(id);
      return ends.map(resultOf);
    };
    id = await boss.work(queue, { ...options, perJobResults: true }, handle);
    return () => boss.offWork(queue, { id, wait: true });
  }
}

/** A job that no worker of this code can run fails for good, rather than once for each of its retries. */
function resultOf({ job: { id }, failure }: JobEnd): JobResult {
  if (failure === undefined) return { id, status: 'completed' };
  const { error } = failure;
  return { id, status: error instanceof UnknownEffectError ? 'deadletter' : 'failed', output: error };
}
