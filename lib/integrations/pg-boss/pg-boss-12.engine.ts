import type { JobEngine, JobWorker, RunJob } from './job-engine.js';
import { PgBoss12Worker } from './pg-boss-12.worker.js';
import type { FetchOptions, NewJob, PgBoss12Client, SqlConnection } from './pg-boss.client.js';

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

  async insert(
    queue: string,
    jobs: readonly NewJob[],
    connection: SqlConnection | undefined,
  ): Promise<void> {
    await this.boss.insert(queue, [...jobs], connection === undefined ? {} : { db: connection });
  }

  async work(queue: string, options: FetchOptions, run: RunJob): Promise<JobWorker> {
    const worker = new PgBoss12Worker(this.boss, queue, options, run);
    await worker.start();
    return worker;
  }
}
