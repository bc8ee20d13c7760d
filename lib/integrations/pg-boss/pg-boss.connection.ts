import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { clientBehind } from '../client-lookup.js';
import { Deadline } from '../../core/model/deadline.js';
import { HEALTH_PROBE, type HealthProbe, type TellsHealth } from '../health-probe.js';
import type { EngineLink } from '../root.module.js';
import { oneAtATime } from '../one-at-a-time.js';
import { withoutPayload } from '../without-payload.js';
import { retryWhileUnreachable } from './retry-while-unreachable.js';
import type { JobEngine } from './job-engine.js';
import { assertKnown } from './job-options.js';
import { PgBoss10Engine } from './pg-boss-10.engine.js';
import { PgBoss12Engine } from './pg-boss-12.engine.js';
import type { PgBoss12Client, PgBossClient } from './pg-boss.client.js';
import type { PgBossConstructorOptions } from './pg-boss.options.js';
import { PgBossSettings } from './pg-boss.settings.js';

/**
 * The application's pg-boss: built or looked up, started with its queues, and stopped where it was
 * built here.
 *
 * @internal
 */
@Injectable()
export class PgBossConnection implements EngineLink, TellsHealth {
  private readonly logger = new Logger('AirlockPgBoss');
  private opening: Promise<JobEngine> | undefined;
  private engineOpened: JobEngine | undefined;
  private built: PgBossClient | undefined;
  private started: PgBossClient | undefined;

  constructor(
    @Inject(PgBossSettings) private readonly settings: PgBossSettings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /**
   * Opens pg-boss at the first call: effects may go out before the boot has reached this module.
   *
   * @throws EngineUnreachableError; AirlockOptionsError for a queue that is missing, or job options
   * that this version does not know
   */
  open(): Promise<JobEngine> {
    return (this.opening ??= this.connect().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    }));
  }

  get [HEALTH_PROBE](): HealthProbe {
    return {
      name: 'pg-boss',
      ask: async (deadline) => {
        await retryWhileUnreachable(deadline, 'no effect can be sent', this.ping);
        return undefined;
      },
    };
  }

  private readonly ping = oneAtATime(async (): Promise<unknown> =>
    this.started?.getDb().executeSql('select 1'),
  );

  /** Engine, once pg-boss has started. */
  get opened(): JobEngine | undefined {
    return this.engineOpened;
  }

  /**
   * Stops pg-boss without its graceful wait: jobs have had their time, and a job that is still
   * running goes back to its queue at once.
   */
  async close(): Promise<void> {
    const { built } = this;
    if (built === undefined) return;
    try {
      await this.stop(built);
    } catch (error) {
      const { message } = withoutPayload(error) as Error;
      this.logger.error(
        `pg-boss did not stop, and what it holds is left to the end of the process: ${message}`,
      );
    }
  }

  /**
   * Stops pg-boss within the time limit: a database that does not answer must not keep the
   * application from ending.
   */
  private stop(boss: PgBossClient): Promise<void> {
    return new Deadline(this.settings.dispatchTimeoutMs).within(boss.stop({ graceful: false }));
  }

  private async connect(): Promise<JobEngine> {
    const boss = await this.retryWhileUnreachable(() => this.start());
    const engine = isVersion12(boss) ? new PgBoss12Engine(boss) : new PgBoss10Engine(boss);
    assertKnown({ ...this.settings.options.jobOptions }, engine.jobOptions, 'jobOptions');
    for (const [name, options] of this.settings.queues) {
      if (this.settings.createsQueues)
        await this.retryWhileUnreachable(() => boss.createQueue(name, { ...options }));
      if ((await this.retryWhileUnreachable(() => boss.getQueue(name))) === null)
        throw missingQueue(name);
    }
    this.started = boss;
    return (this.engineOpened = engine);
  }

  private retryWhileUnreachable<T>(work: () => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    return retryWhileUnreachable(deadline, 'the application cannot start', work);
  }

  private async start(): Promise<PgBossClient> {
    const boss = await this.found();
    // Without a listener, Node turns the first error of a poll into a crash.
    if (boss.listenerCount('error') === 0) {
      boss.on('error', (error) => {
        const { message, stack } = withoutPayload(error) as Error;
        this.logger.error(`pg-boss: ${message}`, stack);
      });
    }
    try {
      await boss.start();
    } catch (error) {
      // The pool that it has opened would keep the process alive.
      if (boss === this.built) await this.stop(boss).catch(() => {});
      throw error;
    }
    return boss;
  }

  private async found(): Promise<PgBossClient> {
    const { boss } = this.settings.options;
    if (typeof boss !== 'object')
      return clientBehind<PgBossClient>(boss, this.modules, 'AirlockPgBossModule', 'boss');
    if (typeof (boss as Partial<PgBossClient>).work === 'function') return boss as PgBossClient;
    // Builds one for each try: a pg-boss 10 that failed to start counts itself as started.
    return (this.built = await build(boss as PgBossConstructorOptions));
  }
}

type PgBossClass = new (options: object) => PgBossClient;

/** Builds pg-boss. Version 12 exports its class by name, in version 10 the module is the class. */
async function build(options: PgBossConstructorOptions): Promise<PgBossClient> {
  const module = (await import('pg-boss')) as unknown as {
    PgBoss?: PgBossClass;
    default: PgBossClass;
  };
  const Class = module.PgBoss ?? module.default;
  return new Class({ ...options });
}

function isVersion12(boss: PgBossClient): boss is PgBoss12Client {
  return typeof (boss as Partial<PgBoss12Client>).getQueueStats === 'function';
}

function missingQueue(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    'queues',
    `pg-boss has no queue "${name}". Create it, or leave \`createQueues\` on to have that done at the start.`,
  );
}
