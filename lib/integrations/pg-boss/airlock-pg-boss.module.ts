import { type ConfigurableModuleAsyncOptions, Module } from '@nestjs/common';
import { rootModule } from '../root.module.js';
import { PgBossConnection } from './pg-boss.connection.js';
import { PgBossExecutor } from './pg-boss.executor.js';
import type { AirlockPgBossOptions } from './pg-boss.options.js';
import { PgBossSettings } from './pg-boss.settings.js';
import { PgBossWorkers } from './pg-boss.workers.js';

/**
 * Interface that the class behind `useClass` or `useExisting` of `forRootAsync` implements.
 * @publicApi
 */
export interface AirlockPgBossOptionsFactory {
  createAirlockPgBossOptions(): AirlockPgBossOptions | Promise<AirlockPgBossOptions>;
}

/**
 * Options of `AirlockPgBossModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`.
 * @publicApi
 */
export type AirlockPgBossAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockPgBossOptions,
  'createAirlockPgBossOptions'
>;

/**
 * Sends effects as jobs of pg-boss: provides `PgBossExecutor`, and runs jobs in this process if
 * `worker` is set. Needs `AirlockModule`. If PostgreSQL cannot be reached, the application fails to
 * start with an `EngineUnreachableError`; if a queue is missing, or the installed version does not
 * know a job option, with an `AirlockOptionsError`.
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
  providers: [PgBossConnection, PgBossExecutor, PgBossWorkers],
  exports: [PgBossExecutor],
})
export class AirlockPgBossModule extends rootModule({
  module: 'AirlockPgBossModule',
  hint: '`queueFor` picks the queue of each effect',
  peer: ['pg-boss', '^10.0.0 || >=12.30.0', 'nestjs-airlock/pg-boss'],
  factoryMethod: 'createAirlockPgBossOptions',
  settings: PgBossSettings,
  link: PgBossConnection,
}) {}
