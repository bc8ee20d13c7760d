import type { RunJob } from './job-engine.js';
import type { FetchedJob } from './pg-boss.client.js';

/** How one job of a batch ended. @internal */
export interface JobEnd {
  readonly job: FetchedJob;
  readonly failure?: { readonly error: unknown };
}

/** What one fetch brought: jobs that run in their order, where one that fails does not stop the others. @internal */
export class Batch {
  readonly ends: JobEnd[] = [];
  private readonly jobs: readonly FetchedJob[];
  private begun = 0;
  private isHalted = false;
  private cut: (() => void) | undefined;

  /** @param jobs may change later on: this keeps its own list */
  constructor(jobs: readonly FetchedJob[]) {
    this.jobs = [...jobs];
  }

  /** @returns when all have ended; after `halt` when what had begun has ended, after `abandon` at once */
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

  /** Halts, and waits no longer for the job that is running. */
  abandon(): void {
    this.halt();
    this.cut?.();
  }

  get unbegun(): readonly FetchedJob[] {
    return this.jobs.slice(this.begun);
  }

  get running(): FetchedJob | undefined {
    return this.begun > this.ends.length ? this.jobs[this.begun - 1] : undefined;
  }

  get succeeded(): readonly FetchedJob[] {
    return this.ends.filter(({ failure }) => failure === undefined).map(({ job }) => job);
  }

  private async runAll(run: RunJob): Promise<void> {
    while (!this.isHalted && this.begun < this.jobs.length) {
      const job = this.jobs[this.begun++]!;
      try {
        await run(job);
        this.ends.push({ job });
      } catch (error) {
        this.ends.push({ job, failure: { error } });
      }
    }
  }
}
