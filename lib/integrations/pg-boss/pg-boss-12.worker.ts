import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { Batch, type JobEnd } from './batch.js';
import { giveBack } from './giving-back.js';
import type { JobWorker, RunJob } from './job-engine.js';
import { outputOf } from './job-output.js';
import type { FetchedJob, FetchOptions, JobResult, PgBoss12Client } from './pg-boss.client.js';

/** @internal */
export class PgBoss12Worker implements JobWorker {
  /** What is running, with the lists that pg-boss knows it by. */
  private readonly batches = new Map<Batch, FetchedJob[]>();
  private isDraining = false;
  private released: Promise<unknown> = Promise.resolve();
  private id: string | undefined;

  constructor(
    private readonly boss: PgBoss12Client,
    private readonly queue: string,
    private readonly options: FetchOptions,
    private readonly run: RunJob,
  ) {}

  async start(): Promise<void> {
    const options = { ...this.options, perJobResults: true } as const;
    this.id = await this.boss.work(this.queue, options, (jobs) => this.handle(jobs));
  }

  async drain(): Promise<void> {
    this.isDraining = true;
    const stopped = this.boss.offWork(this.queue, { id: this.id!, wait: true });
    this.released = Promise.all([...this.batches].map(([batch, jobs]) => this.release(batch, jobs)));
    await Promise.all([stopped, this.released]);
  }

  /** Nothing else is in its batch by then, so pg-boss deals with it as with any job. */
  async abandon(): Promise<void> {
    await this.released;
  }

  private async handle(jobs: FetchedJob[]): Promise<JobResult[]> {
    const batch = new Batch(jobs);
    if (this.isDraining) {
      await this.release(batch, jobs);
      return [];
    }
    this.batches.set(batch, jobs);
    await batch.run(this.run);
    this.batches.delete(batch);
    // A full batch: there may be more, so the next fetch does not wait for the next poll.
    if (this.id !== undefined && jobs.length >= this.options.batchSize) this.boss.notifyWorker(this.id);
    return batch.ends.map(resultOf);
  }

  /**
   * Settles what has ended and gives back what has not begun. pg-boss settles a batch, and fails what is left of it when it stops,
   * by the list it handed over: what is taken from that is not its business any more, even once another worker has it.
   */
  private async release(batch: Batch, jobs: FetchedJob[]): Promise<void> {
    batch.halt();
    const { boss, queue } = this;
    const { ends, succeeded, running, unbegun } = batch;
    const failed = ends.flatMap(({ job, failure }) => (failure === undefined ? [] : [{ job, error: failure.error }]));
    jobs.splice(0, jobs.length, ...(running === undefined ? [] : [running]));
    await giveBack(boss, queue, unbegun);
    const ids = succeeded.map(({ id }) => id);
    if (ids.length > 0) await boss.complete(queue, ids);
    for (const { job, error } of failed) await boss.fail(queue, job.id, outputOf(error));
  }
}

/** A job that no worker of this code can run fails for good, rather than once for each of its retries. */
function resultOf({ job: { id }, failure }: JobEnd): JobResult {
  if (failure === undefined) return { id, status: 'completed' };
  const { error } = failure;
  return { id, status: error instanceof UnknownEffectError ? 'deadletter' : 'failed', output: error };
}
