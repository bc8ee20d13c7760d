import { Batch } from './batch.js';
import type { JobWorker, RunJob } from './job-engine.js';
import type { FetchedJob, FetchOptions, PgBossClient } from './pg-boss.client.js';

/**
 * Worker of pg-boss, which fetches batches. The versions of pg-boss differ in how a worker begins
 * and stops, and in how its batches are settled.
 *
 * @internal
 */
export abstract class BatchWorker<Boss extends PgBossClient, Settled> implements JobWorker {
  protected id: string | undefined;
  /** Batches that are running, expired ones included. */
  protected readonly batches = new Map<Batch, Promise<Settled>>();
  private isDraining = false;
  private stopped: Promise<void> | undefined;

  constructor(
    protected readonly boss: Boss,
    protected readonly queue: string,
    protected readonly options: FetchOptions,
    private readonly run: RunJob,
  ) {}

  /** Begins to work. */
  abstract start(): Promise<void>;
  /** Stops fetching. @returns a Promise that resolves when all that was fetched is settled */
  protected abstract stop(): Promise<void>;
  /**
   * Gives back the jobs that have not begun, and tells pg-boss how the others ended.
   *
   * @param jobs list of the batch that pg-boss itself holds
   */
  protected abstract settle(batch: Batch, jobs: FetchedJob[]): Promise<Settled>;

  drain(): Promise<void> {
    this.isDraining = true;
    for (const batch of this.batches.keys()) batch.halt();
    return (this.stopped = this.stop());
  }

  /**
   * Counts running jobs as failed, but for one that is alone in its batch: it may still end until
   * pg-boss stops and fails it.
   */
  async abandon(): Promise<void> {
    const late = [...this.batches.keys()].filter(({ isSingle }) => !isSingle);
    for (const batch of late) batch.abandon();
    if (late.length === this.batches.size) await this.stopped;
  }

  protected handle(jobs: FetchedJob[]): Promise<Settled> {
    const batch = new Batch(jobs);
    if (this.isDraining) batch.halt();
    const settled = this.runAndSettle(batch, jobs);
    this.batches.set(batch, settled);
    return settled;
  }

  private async runAndSettle(batch: Batch, jobs: FetchedJob[]): Promise<Settled> {
    // Read now: at the end of the batch the list may be shorter.
    const isFull = jobs.length >= this.options.batchSize;
    try {
      await batch.run(this.run);
      return await this.settle(batch, jobs);
    } finally {
      this.batches.delete(batch);
      // There may be more, so the next fetch does not wait for the next poll.
      if (isFull && this.id !== undefined) this.boss.notifyWorker(this.id);
    }
  }
}
