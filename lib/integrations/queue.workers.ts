import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { EffectWorker } from '../nest/remote/effect-worker.js';
import {
  DESCRIBES_ITSELF,
  type DescribesItself,
  type SelfDescription,
} from '../nest/services/self-description.js';
import type { QueueSettings } from './queue.settings.js';

/**
 * Takes effects from the queues of an engine and runs them, until the application shuts down. The
 * shutdown waits for effects that are running.
 *
 * @internal
 */
export abstract class QueueWorkers<Settings extends QueueSettings>
  implements OnApplicationBootstrap, DescribesItself
{
  protected abstract readonly engine: string;
  protected abstract readonly logger: Logger;

  constructor(
    protected readonly settings: Settings,
    protected readonly effects: EffectWorker,
  ) {}

  [DESCRIBES_ITSELF](): SelfDescription {
    const { served: queues, concurrency } = this.settings;
    return queues.length === 0 ? {} : { workers: [{ engine: this.engine, queues, concurrency }] };
  }

  async onApplicationBootstrap(): Promise<void> {
    const { served } = this.settings;
    if (served.length === 0) return;
    this.effects.onShutdown(() => this.drain());
    await this.start(served);
    this.logger.log(`Running the effects in ${served.map((queue) => `"${queue}"`).join(', ')}`);
  }

  protected abstract start(queues: readonly string[]): Promise<void>;

  /** Stops fetching. @returns a Promise that resolves when all that was fetched has ended */
  protected abstract drain(): Promise<unknown>;
}
