import { Batch } from './batch.js';
import { giveBack } from './giving-back.js';
import type { JobWorker, RunJob } from './job-engine.js';
import { outputOf } from './job-output.js';
import type { FetchedJob, FetchOptions, PgBoss10Client } from './pg-boss.client.js';

/** How long what is given back is nobody's. pg-boss completes the whole batch by its ids, as a rule within milliseconds. */
const DELAY_SECONDS = 2;

/** @internal */
export class PgBoss10Worker implements JobWorker {
  private readonly batches = new Map<Batch, Promise<void>>();
  private isDraining = false;
  private id: string | undefined;

  constructor(
    private readonly boss: PgBoss10Client,
    private readonly queue: string,
    private readonly options: FetchOptions,
    private readonly run: RunJob,
  ) {}

  async start(): Promise<void> {
    this.id = await this.boss.work(this.queue, this.options, (jobs) => this.handle(jobs));
  }

  async drain(): Promise<void> {
    const { boss, queue, batches } = this;
    this.isDraining = true;
    for (const batch of batches.keys()) batch.halt();
    await boss.offWork({ id: this.id! });
    for (const batch of batches.keys()) await this.complete(batch);
    // It does not wait for what it is fetching. This query comes back after that one.
    await boss.getQueue(queue);
    while (batches.size > 0) await Promise.allSettled(batches.values());
  }

  /**
   * Only where a job has not begun: its batch has to be over before it can be given back. One that is alone in its batch is
   * pg-boss's, which fails it when it is stopped.
   */
  async abandon(): Promise<void> {
    const late = [...this.batches].filter(([batch]) => batch.unbegun.length > 0);
    if (late.length === 0) return;
    for (const [batch] of late) batch.abandon();
    await Promise.allSettled(late.map(([, handling]) => handling));
    // By then pg-boss has settled the batches, and does not count them among what it has to fail.
    await this.boss.getQueue(this.queue);
  }

  private async handle(jobs: readonly FetchedJob[]): Promise<void> {
    const batch = new Batch(jobs);
    if (this.isDraining) batch.halt();
    const handling = batch.run(this.run).then(() => this.settle(batch));
    this.batches.set(batch, handling);
    try {
      await handling;
    } finally {
      this.batches.delete(batch);
      // A full batch: there may be more, so the next fetch does not wait for the next poll.
      if (this.id !== undefined && jobs.length >= this.options.batchSize) this.boss.notifyWorker(this.id);
    }
  }

  /**
   * Its batches fail as a whole. Those that succeeded are therefore settled here before the batch is failed for the others,
   * and not the other way round: a job that is up for its next try could be completed by mistake.
   */
  private async settle(batch: Batch): Promise<void> {
    const { ends, unbegun } = batch;
    if (unbegun.length > 0) return this.release(batch);
    const errors = ends.flatMap(({ failure }) => (failure === undefined ? [] : [failure.error]));
    if (errors.length === 0) return;
    await this.complete(batch);
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, messagesOf(errors));
  }

  /** A batch with jobs that are given back must not fail as a whole, for they would fail too. */
  private async release({ ends, succeeded, running, unbegun }: Batch): Promise<void> {
    const { boss, queue } = this;
    await giveBack(boss, queue, unbegun, DELAY_SECONDS);
    await completeAll(boss, queue, succeeded);
    for (const { job, failure } of ends) if (failure) await boss.fail(queue, job.id, outputOf(failure.error));
    if (running) await boss.fail(queue, running.id, new Error('The application shut down while this was running.'));
  }

  private complete({ succeeded }: Batch): Promise<void> {
    return completeAll(this.boss, this.queue, succeeded);
  }
}

async function completeAll(boss: PgBoss10Client, queue: string, jobs: readonly FetchedJob[]): Promise<void> {
  const ids = jobs.map(({ id }) => id);
  if (ids.length > 0) await boss.complete(queue, ids);
}

/** The one output that all failed jobs of a batch get. */
function messagesOf(errors: readonly unknown[]): string {
  return errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
}
