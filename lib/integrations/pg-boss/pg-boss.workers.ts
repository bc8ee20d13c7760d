import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { named } from '../../errors/quoted.js';
import { messageOf, stacksOf } from '../../errors/thrown.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import {
  DESCRIBES_ITSELF,
  type DescribesItself,
  type SelfDescription,
} from '../../nest/services/self-description.js';
import { Deadline } from '../../core/model/deadline.js';
import type { JobWorker } from './job-engine.js';
import type { FetchedJob } from './pg-boss.client.js';
import { PgBossConnection } from './pg-boss.connection.js';
import { PgBossSettings } from './pg-boss.settings.js';

/**
 * Takes effects from their queues and runs them, with as many workers of pg-boss for each queue as
 * run at the same time.
 *
 * @internal
 */
@Injectable()
export class PgBossWorkers
  implements OnApplicationBootstrap, OnApplicationShutdown, DescribesItself
{
  private readonly logger = new Logger('AirlockPgBoss');
  private readonly workers: JobWorker[] = [];

  constructor(
    @Inject(PgBossSettings) private readonly settings: PgBossSettings,
    @Inject(PgBossConnection) private readonly connection: PgBossConnection,
    @Inject(EffectWorker) private readonly effects: EffectWorker,
  ) {}

  /** Works until the shutdown, which waits for what is running. */
  [DESCRIBES_ITSELF](): SelfDescription {
    const { served } = this.settings;
    return served.length === 0 ? {} : { workers: [{ engine: 'pg-boss', queues: served }] };
  }

  async onApplicationBootstrap(): Promise<void> {
    const { served, concurrency, fetching } = this.settings;
    if (served.length === 0) return;
    const engine = await this.connection.open();
    this.effects.onShutdown(() => Promise.all(this.workers.map((worker) => worker.drain())));
    for (const queue of served) {
      const run = (job: FetchedJob): Promise<void> => this.run(queue, job);
      for (let i = 0; i < concurrency; i++) {
        this.workers.push(await engine.work(queue, fetching, run));
      }
    }
    this.logger.log(`Running the effects in ${served.map((queue) => `"${queue}"`).join(', ')}`);
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
      const { effect } = Object(data) as { readonly effect?: unknown };
      const what = `Effect ${typeof effect === 'string' ? named(effect) : '(unreadable)'} (job ${id} of queue "${queue}") failed`;
      this.logger.error(`${what}: ${messageOf(error)}`, stacksOf(error));
      throw error;
    }
  }
}
