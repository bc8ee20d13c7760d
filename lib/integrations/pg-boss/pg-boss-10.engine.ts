import type { JobEngine, JobWorker, RunJob } from './job-engine.js';
import { PgBoss10Worker } from './pg-boss-10.worker.js';
import type { FetchOptions, NewJob, PgBoss10Client, SqlConnection } from './pg-boss.client.js';

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

  async insert(
    queue: string,
    jobs: readonly NewJob[],
    connection: SqlConnection | undefined,
  ): Promise<void> {
    const named = jobs.map((job) => ({ ...job, name: queue }));
    await this.boss.insert(named, connection === undefined ? {} : { db: connection });
  }

  async work(queue: string, options: FetchOptions, run: RunJob): Promise<JobWorker> {
    const worker = new PgBoss10Worker(this.boss, queue, options, run);
    await worker.start();
    return worker;
  }
}
