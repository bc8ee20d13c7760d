import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Deadline } from '../../core/model/deadline.js';
import { messageOf, stacksOf } from '../../errors/thrown.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { effectNamedIn } from '../../nest/remote/envelope.js';
import { QueueWorkers } from '../queue.workers.js';
import type { JobWorker } from './job-engine.js';
import type { FetchedJob } from './pg-boss.client.js';
import { PgBossConnection } from './pg-boss.connection.js';
import { PgBossSettings } from './pg-boss.settings.js';

/** Workers of pg-boss, for each queue as many as effects run at the same time. @internal */
@Injectable()
export class PgBossWorkers extends QueueWorkers<PgBossSettings> implements OnApplicationShutdown {
  protected readonly engine = 'pg-boss';
  protected readonly logger = new Logger('AirlockPgBoss');
  private readonly workers: JobWorker[] = [];

  constructor(
    @Inject(PgBossSettings) settings: PgBossSettings,
    @Inject(PgBossConnection) private readonly connection: PgBossConnection,
    @Inject(EffectWorker) effects: EffectWorker,
  ) {
    super(settings, effects);
  }

  protected async start(queues: readonly string[]): Promise<void> {
    const { concurrency, fetching } = this.settings;
    const engine = await this.connection.open();
    for (const queue of queues) {
      const run = (job: FetchedJob): Promise<void> => this.run(queue, job);
      for (let i = 0; i < concurrency; i++) {
        this.workers.push(await engine.work(queue, fetching, run));
      }
    }
  }

  protected drain(): Promise<unknown> {
    return Promise.all(this.workers.map((worker) => worker.drain()));
  }

  /** Ends the workers, before pg-boss itself is stopped. */
  async onApplicationShutdown(): Promise<void> {
    try {
      const abandoned = Promise.all(this.workers.map((worker) => worker.abandon()));
      await new Deadline(this.settings.dispatchTimeoutMs).within(abandoned);
    } catch (error) {
      this.logger.error(
        `Jobs that were fetched together and are not settled wait for their expiry: ${messageOf(error)}`,
      );
    }
  }

  private async run(queue: string, { id, data, retryCount }: FetchedJob): Promise<void> {
    try {
      const attempt = retryCount === undefined ? undefined : retryCount + 1;
      await this.effects.run(data, this.settings.options, attempt);
    } catch (error) {
      const what = `Effect ${effectNamedIn(data)} (job ${id} of queue "${queue}") failed`;
      this.logger.error(`${what}: ${messageOf(error)}`, stacksOf(error));
      throw error;
    }
  }
}
