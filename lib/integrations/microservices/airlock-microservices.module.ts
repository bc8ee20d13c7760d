import { type ConfigurableModuleAsyncOptions, Module } from '@nestjs/common';
import { rootModule } from '../root.module.js';
import { ClientProxyExecutor } from './client-proxy.executor.js';
import { consumerOf } from './effect.consumer.js';
import type {
  AirlockMicroservicesExtras,
  AirlockMicroservicesOptions,
} from './microservices.options.js';
import { ConsumerSettings, MicroservicesSettings } from './microservices.settings.js';

/**
 * Factory of options, for classes given to `forRootAsync` as `useClass` or `useExisting`.
 * @publicApi
 */
export interface AirlockMicroservicesOptionsFactory {
  createAirlockMicroservicesOptions():
    | AirlockMicroservicesOptions
    | Promise<AirlockMicroservicesOptions>;
}

/**
 * Options of `AirlockMicroservicesModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`.
 * @publicApi
 */
export type AirlockMicroservicesAsyncOptions = AirlockMicroservicesExtras &
  ConfigurableModuleAsyncOptions<AirlockMicroservicesOptions, 'createAirlockMicroservicesOptions'>;

/**
 * Sends effects as events of a message broker: provides `ClientProxyExecutor`, and runs effects of
 * other applications if `consumer` is set. Needs `AirlockModule`.
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
@Module({ providers: [ClientProxyExecutor], exports: [ClientProxyExecutor] })
export class AirlockMicroservicesModule extends rootModule({
  module: 'AirlockMicroservicesModule',
  hint: '`patternFor` picks the pattern of each effect',
  peer: ['@nestjs/microservices', '>=11.0.0', 'nestjs-airlock/microservices'],
  factoryMethod: 'createAirlockMicroservicesOptions',
  settings: MicroservicesSettings,
  extras: { pattern: undefined, consumer: undefined },
  shapedBy: (extras: AirlockMicroservicesExtras) => {
    const consumer = new ConsumerSettings(extras);
    return {
      controllers: consumer.patterns.length === 0 ? [] : [consumerOf(consumer.patterns)],
      providers: [{ provide: ConsumerSettings, useValue: consumer }],
    };
  },
}) {}
