import { type JobEngine, runBatch, type RunJob } from './job-engine.js';
import type { FetchedJob, FetchOptions, NewJob, PgBoss10Client, SqlConnection } from './pg-boss.client.js';

/** @internal */
export class PgBoss10Engine implements JobEngine {
  readonly jobOptions = [
    'priority',
    'startAfter',
    'singletonKey',
    'singletonSeconds',
    'retryLimit',
    'retryDelay',
    'retryBackoff',
    'expireInSeconds',
    'keepUntil',
    'deadLetter',
  ];

  constructor(private readonly boss: PgBoss10Client) {}

  async insert(queue: string, jobs: readonly NewJob[], connection: SqlConnection | undefined): Promise<void> {
    const named = jobs.map((job) => ({ ...job, name: queue }));
    await this.boss.insert(named, connection === undefined ? {} : { db: connection });
  }

  async work(queue: string, options: FetchOptions, run: RunJob): Promise<() => Promise<void>> {
    const { boss } = this;
    const running = new Set<Promise<void>>();
    let id: string | undefined;
    const handle = async (jobs: FetchedJob[]): Promise<void> => {
      const handling = this.handle(queue, jobs, run);
      running.add(handling);
      try {
        await handling;
      } finally {
        running.delete(handling);
        // A full batch: there may be more, so the next fetch does not wait for the next poll.
        if (id !== undefined && jobs.length >= options.batchSize) boss.notifyWorker(id);
      }
    };
    id = await boss.work(queue, options, handle);
    const worker = id;
    return async () => {
      await boss.offWork({ id: worker });
      // It does not wait for what it is fetching. This query comes back after that one.
      await boss.getQueue(queue);
      while (running.size > 0) await Promise.allSettled(running);
    };
  }

  /**
   * Its batches fail as a whole. Those that succeeded are therefore settled here before the batch is failed for the others,
   * and not the other way round: a job that is up for its next try could be completed by mistake.
   */
  private async handle(queue: string, jobs: readonly FetchedJob[], run: RunJob): Promise<void> {
    const ends = await runBatch(jobs, run);
    const errors = ends.flatMap(({ failure }) => (failure === undefined ? [] : [failure.error]));
    if (errors.length === 0) return;
    const succeeded = ends.filter(({ failure }) => failure === undefined).map(({ job }) => job.id);
    if (succeeded.length > 0) await this.boss.complete(queue, succeeded);
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, messagesOf(errors));
  }
}

/** The one output that all failed jobs of a batch get. */
function messagesOf(errors: readonly unknown[]): string {
  return errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
}
