import { type ConfigurableModuleAsyncOptions, Module } from '@nestjs/common';
import { remoteModule } from '../remote.module.js';
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
 * Effects as jobs of BullMQ: provides `BullMqExecutor`, and runs jobs in this process where
 * `worker` is set. Needs `AirlockModule`. Where Redis cannot be reached, the application fails to
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
@Module({})
export class AirlockBullMqModule extends remoteModule({
  module: 'AirlockBullMqModule',
  peer: 'bullmq',
  versions: '>=5.57.0',
  subPath: 'nestjs-airlock/bullmq',
  hint: '`queueFor` picks the queue of each effect',
  factoryMethod: 'createAirlockBullMqOptions',
  settings: BullMqSettings,
  link: RedisLink,
  executor: BullMqExecutor,
  workers: [BullMqWorkers],
}) {}
