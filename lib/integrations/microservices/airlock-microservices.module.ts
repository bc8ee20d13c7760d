import { type ConfigurableModuleAsyncOptions, ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { assertImportedOnce } from '../../nest/container/imported-once.js';
import { ClientProxyExecutor } from './client-proxy.executor.js';
import { consumerOf } from './effect.consumer.js';
import {
  AIRLOCK_MICROSERVICES_OPTIONS,
  type AirlockMicroservicesExtras,
  type AirlockMicroservicesOptions,
} from './microservices.options.js';
import { ConsumerSettings, MicroservicesSettings } from './microservices.settings.js';
import { requirePeer } from '../../installation/required-peer.js';

/** Factory of options, for classes given to `forRootAsync` as `useClass` or `useExisting`. @publicApi */
export interface AirlockMicroservicesOptionsFactory {
  createAirlockMicroservicesOptions(): AirlockMicroservicesOptions | Promise<AirlockMicroservicesOptions>;
}

/** Options of `AirlockMicroservicesModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`. @publicApi */
export type AirlockMicroservicesAsyncOptions = AirlockMicroservicesExtras &
  ConfigurableModuleAsyncOptions<AirlockMicroservicesOptions, 'createAirlockMicroservicesOptions'>;

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AirlockMicroservicesOptions>({
  optionsInjectionToken: AIRLOCK_MICROSERVICES_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAirlockMicroservicesOptions')
  .setExtras<AirlockMicroservicesExtras>({ pattern: undefined, consumer: undefined } as never, (definition, extras) => {
    const consumer = new ConsumerSettings(extras);
    return {
      ...definition,
      controllers: consumer.patterns.length === 0 ? [] : [consumerOf(consumer.patterns)],
      providers: [...(definition.providers ?? []), { provide: ConsumerSettings, useValue: consumer }],
    };
  })
  .build();

/**
 * Effects as events of a message broker: provides `ClientProxyExecutor`, and runs what others have sent where `consumer` is set.
 * Needs `AirlockModule`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     ClientsModule.register([{ name: 'BROKER', transport: Transport.NATS }]),
 *     AirlockModule.forRoot({ executor: ClientProxyExecutor }),
 *     AirlockMicroservicesModule.forRoot({ client: 'BROKER', consumer: true }),
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
      provide: MicroservicesSettings,
      inject: [AIRLOCK_MICROSERVICES_OPTIONS, ConsumerSettings, ModulesContainer],
      useFactory: (options: AirlockMicroservicesOptions, { pattern }: ConsumerSettings, modules: ModulesContainer) => {
        requirePeer('@nestjs/microservices', '>=11.0.0', 'nestjs-airlock/microservices');
        const hint = '`patternFor` picks the pattern of each effect';
        assertImportedOnce(modules, 'AirlockMicroservicesModule', MicroservicesSettings, hint);
        return new MicroservicesSettings(options, pattern);
      },
    },
    ClientProxyExecutor,
  ],
  exports: [ClientProxyExecutor],
})
export class AirlockMicroservicesModule extends ConfigurableModuleClass {}
