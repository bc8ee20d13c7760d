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
   * pg-boss settles each job by its result, if it is still the attempt that was fetched; and fails,
   * when it is stopped, what is in the list it handed over. What is taken from that is not its
   * business any more, even once another worker has it.
   */
  protected async settle(batch: Batch, jobs: FetchedJob[]): Promise<JobResult[]> {
    const { ends, unbegun } = batch;
    // Of one that is expired pg-boss has failed all, whatever comes from here.
    if (unbegun.length === 0 || batch.isExpired) return ends.map(resultOf);
    jobs.splice(ends.length);
    const left = await giveBack(this.boss, this.queue, unbegun);
    jobs.push(...left.map(({ job }) => job));
    return [...ends, ...left].map(resultOf);
  }
}

/**
 * A job that no worker of this code can run fails for good, rather than once for each of its
 * retries.
 */
function resultOf(end: JobEnd): JobResult {
  const { id } = end.job;
  if (end.failure === undefined) return { id, status: 'completed' };
  return { id, status: isHopeless(end) ? 'deadletter' : 'failed', output: end.failure.error };
}
