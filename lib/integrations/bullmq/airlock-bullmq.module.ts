import { type ConfigurableModuleAsyncOptions, Module } from '@nestjs/common';
import { rootModule } from '../root.module.js';
import { BullMqExecutor } from './bullmq.executor.js';
import type { AirlockBullMqOptions } from './bullmq.options.js';
import { BullMqSettings } from './bullmq.settings.js';
import { BullMqWorkers } from './bullmq.workers.js';
import { RedisLink } from './redis-link.js';

/**
 * Interface that the class behind `useClass` or `useExisting` of `forRootAsync` implements.
 * @publicApi
 */
export interface AirlockBullMqOptionsFactory {
  createAirlockBullMqOptions(): AirlockBullMqOptions | Promise<AirlockBullMqOptions>;
}

/**
 * Options of `AirlockBullMqModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`.
 * @publicApi
 */
export type AirlockBullMqAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockBullMqOptions,
  'createAirlockBullMqOptions'
>;

/**
 * Sends effects as jobs of BullMQ: provides `BullMqExecutor`, and runs jobs in this process if
 * `worker` is set. Needs `AirlockModule`. If Redis cannot be reached, the application fails to
 * start with an `EngineUnreachableError`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     AirlockModule.forRoot({ executor: BullMqExecutor }),
 *     AirlockBullMqModule.forRoot({ connection: { host: 'localhost' }, worker: true }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({ providers: [RedisLink, BullMqExecutor, BullMqWorkers], exports: [BullMqExecutor] })
export class AirlockBullMqModule extends rootModule({
  module: 'AirlockBullMqModule',
  hint: '`queueFor` picks the queue of each effect',
  peer: ['bullmq', '>=5.57.0', 'nestjs-airlock/bullmq'],
  factoryMethod: 'createAirlockBullMqOptions',
  settings: BullMqSettings,
  link: RedisLink,
}) {}
