import type { Batch, JobEnd } from './batch.js';
import { BatchWorker } from './batch.worker.js';
import { giveBack } from './giving-back.js';
import { isHopeless } from './giving-up.js';
import type { FetchedJob, JobResult, PgBoss12Client } from './pg-boss.client.js';

/** @internal */
export class PgBoss12Worker extends BatchWorker<PgBoss12Client, JobResult[]> {
  async start(): Promise<void> {
    const options = { ...this.options, perJobResults: true } as const;
    this.id = await this.boss.work(this.queue, options, (jobs) => this.handle(jobs));
  }

  protected stop(): Promise<void> {
    return this.boss.offWork(this.queue, { id: this.id!, wait: true });
  }

  /**
   * pg-boss 12 settles each job by its result, if it is still the attempt that was fetched. When it
   * is stopped, it fails the jobs in the list that it handed over. A job that is given back is
   * taken out of that list, so that pg-boss leaves it alone.
   */
  protected async settle(batch: Batch, jobs: FetchedJob[]): Promise<JobResult[]> {
    const { ends, unbegun } = batch;
    // pg-boss has failed all jobs of an expired batch, whatever it gets from here.
    if (unbegun.length === 0 || batch.isExpired) return ends.map(resultOf);
    jobs.splice(ends.length);
    const unreturned = await giveBack(this.boss, this.queue, unbegun);
    jobs.push(...unreturned.map(({ job }) => job));
    return [...ends, ...unreturned].map(resultOf);
  }
}

/**
 * Returns the result of a job. A job that no worker with this code can run fails for good, without
 * its retries.
 */
function resultOf(end: JobEnd): JobResult {
  const { id } = end.job;
  if (end.failure === undefined) return { id, status: 'completed' };
  return { id, status: isHopeless(end) ? 'deadletter' : 'failed', output: end.failure.error };
}
