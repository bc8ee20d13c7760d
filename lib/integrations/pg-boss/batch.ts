import type { RunJob } from './job-engine.js';
import type { FetchedJob } from './pg-boss.client.js';

/** End of one job of a batch. @internal */
export interface JobEnd {
  readonly job: FetchedJob;
  readonly failure?: { readonly error: unknown };
}

/**
 * Jobs of one fetch, which run in their order; one that fails does not stop the others.
 *
 * They share one time limit of pg-boss, which fails them when it is over. From then on another
 * worker may have them, so that no further one begins here.
 *
 * @internal
 */
export class Batch {
  readonly ends: JobEnd[] = [];
  private readonly jobs: readonly FetchedJob[];
  private readonly endsAt: number;
  private begun = 0;
  private isHalted = false;
  private cut: (() => void) | undefined;

  /** @param jobs list that may change later; a copy is kept */
  constructor(jobs: readonly FetchedJob[]) {
    this.jobs = [...jobs];
    this.endsAt =
      performance.now() + 1000 * Math.max(...jobs.map(({ expireInSeconds }) => expireInSeconds));
  }

  /**
   * @returns a Promise that resolves when all have ended; after `halt`, when the running one has
   *   ended; after `abandon`, at once
   */
  run(job: RunJob): Promise<void> {
    return new Promise((resolve) => {
      this.cut = resolve;
      void this.runAll(job).then(resolve);
    });
  }

  /** Begins no further job. */
  halt(): void {
    this.isHalted = true;
  }

  /** Halts, and counts the job that is running as failed. */
  abandon(): void {
    this.halt();
    if (this.begun > this.ends.length) {
      const error = new Error('The application shut down while this was running.');
      this.ends.push({ job: this.jobs[this.begun - 1]!, failure: { error } });
    }
    this.cut?.();
  }

  get isSingle(): boolean {
    return this.jobs.length === 1;
  }

  /** True if another worker may have its jobs. */
  get isExpired(): boolean {
    return performance.now() >= this.endsAt;
  }

  get unbegun(): readonly FetchedJob[] {
    return this.jobs.slice(this.begun);
  }

  private async runAll(run: RunJob): Promise<void> {
    while (!this.isHalted && this.begun < this.jobs.length && !this.isExpired) {
      const job = this.jobs[this.begun++]!;
      const end = await endOf(job, run);
      if (this.ends.length < this.begun) this.ends.push(end);
    }
  }
}

async function endOf(job: FetchedJob, run: RunJob): Promise<JobEnd> {
  try {
    await run(job);
    return { job };
  } catch (error) {
    return { job, failure: { error } };
  }
}
