import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { assertImportedOnce } from '../../nest/container/imported-once.js';
import { PgBossConnection } from './pg-boss.connection.js';
import { PgBossExecutor } from './pg-boss.executor.js';
import { AIRLOCK_PG_BOSS_OPTIONS, type AirlockPgBossOptions } from './pg-boss.options.js';
import { PgBossSettings } from './pg-boss.settings.js';
import { PgBossWorkers } from './pg-boss.workers.js';
import { requirePeer } from '../../installation/required-peer.js';

/** What `useClass` and `useExisting` of `forRootAsync` are to implement. @publicApi */
export interface AirlockPgBossOptionsFactory {
  createAirlockPgBossOptions(): AirlockPgBossOptions | Promise<AirlockPgBossOptions>;
}

/** What `AirlockPgBossModule.forRootAsync` takes: `useFactory`, `useClass` or `useExisting`. @publicApi */
export type AirlockPgBossAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockPgBossOptions,
  'createAirlockPgBossOptions'
>;

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AirlockPgBossOptions>({
  optionsInjectionToken: AIRLOCK_PG_BOSS_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAirlockPgBossOptions')
  .build();

/**
 * Effects as jobs of pg-boss: provides `PgBossExecutor`, and runs jobs in this process where `worker` is set. Needs `AirlockModule`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     AirlockModule.forRoot({ executor: PgBossExecutor }),
 *     AirlockPgBossModule.forRoot({ boss: { connectionString: process.env.DATABASE_URL }, worker: true }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({
  providers: [
    {
      provide: PgBossSettings,
      inject: [AIRLOCK_PG_BOSS_OPTIONS, ModulesContainer],
      useFactory: (options: AirlockPgBossOptions, modules: ModulesContainer) => {
        requirePeer('pg-boss', '^10.0.0 || >=12.30.0', 'nestjs-airlock/pg-boss');
        const hint = '`queueFor` picks the queue of each effect';
        assertImportedOnce(modules, 'AirlockPgBossModule', PgBossSettings, hint);
        return new PgBossSettings(options);
      },
    },
    PgBossConnection,
    PgBossExecutor,
    PgBossWorkers,
  ],
  exports: [PgBossExecutor],
})
export class AirlockPgBossModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  /** @internal Built by Nest. */
  constructor(@Inject(PgBossConnection) private readonly connection: PgBossConnection) {
    super();
  }

  /** @throws EngineUnreachableError; AirlockOptionsError for a queue that is missing, or job options that this version does not know */
  async onModuleInit(): Promise<void> {
    try {
      await this.connection.engine();
    } catch (error) {
      // Nest does not, where an application fails to start.
      await this.connection.close();
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}
