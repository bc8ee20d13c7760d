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
import { BullMqExecutor } from './bullmq.executor.js';
import { AIRLOCK_BULLMQ_OPTIONS, type AirlockBullMqOptions } from './bullmq.options.js';
import { BullMqSettings } from './bullmq.settings.js';
import { BullMqWorkers } from './bullmq.workers.js';
import { RedisLink } from './redis-link.js';
import { requirePeer } from '../../installation/required-peer.js';

/** What `useClass` and `useExisting` of `forRootAsync` are to implement. @publicApi */
export interface AirlockBullMqOptionsFactory {
  createAirlockBullMqOptions(): AirlockBullMqOptions | Promise<AirlockBullMqOptions>;
}

/** What `AirlockBullMqModule.forRootAsync` takes: `useFactory`, `useClass` or `useExisting`. @publicApi */
export type AirlockBullMqAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockBullMqOptions,
  'createAirlockBullMqOptions'
>;

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AirlockBullMqOptions>({
  optionsInjectionToken: AIRLOCK_BULLMQ_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAirlockBullMqOptions')
  .build();

/**
 * Effects as jobs of BullMQ: provides `BullMqExecutor`, and runs jobs in this process where `worker` is set. Needs `AirlockModule`.
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
@Module({
  providers: [
    {
      provide: BullMqSettings,
      inject: [AIRLOCK_BULLMQ_OPTIONS, ModulesContainer],
      useFactory: (options: AirlockBullMqOptions, modules: ModulesContainer) => {
        requirePeer('bullmq', '>=5.57.0', 'nestjs-airlock/bullmq');
        const hint = '`queueFor` picks the queue of each effect';
        assertImportedOnce(modules, 'AirlockBullMqModule', BullMqSettings, hint);
        return new BullMqSettings(options);
      },
    },
    { provide: RedisLink, inject: [BullMqSettings], useFactory: (settings: BullMqSettings) => new RedisLink(settings) },
    BullMqExecutor,
    BullMqWorkers,
  ],
  exports: [BullMqExecutor],
})
export class AirlockBullMqModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  /** @internal Built by Nest. */
  constructor(@Inject(RedisLink) private readonly link: RedisLink) {
    super();
  }

  /** @throws EngineUnreachableError */
  async onModuleInit(): Promise<void> {
    try {
      await this.link.open();
    } catch (error) {
      // Nest does not, where an application fails to start.
      await this.link.close();
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.link.close();
  }
}
