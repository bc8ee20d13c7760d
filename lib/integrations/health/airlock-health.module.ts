import {
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Global,
  Module,
} from '@nestjs/common';
import { rootModule } from '../root.module.js';
import { AirlockHealthIndicator } from './airlock-health.indicator.js';
import type { AirlockHealthOptions } from './health.options.js';
import { checkHealthOptions, HealthSettings } from './health.settings.js';

/** Interface that `useClass` and `useExisting` of `forRootAsync` implement. @publicApi */
export interface AirlockHealthOptionsFactory {
  createAirlockHealthOptions(): AirlockHealthOptions | Promise<AirlockHealthOptions>;
}

/**
 * Options of `AirlockHealthModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`.
 * @publicApi
 */
export type AirlockHealthAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockHealthOptions,
  'createAirlockHealthOptions'
>;

/**
 * Provides `AirlockHealthIndicator` to every module, for the health checks of `@nestjs/terminus`.
 * Needs `AirlockModule`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [AirlockModule.forRoot(), TerminusModule, AirlockHealthModule.forRoot()],
 * })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Global()
@Module({ providers: [AirlockHealthIndicator], exports: [AirlockHealthIndicator] })
export class AirlockHealthModule extends rootModule({
  module: 'AirlockHealthModule',
  hint: 'its indicator is there for every module',
  factoryMethod: 'createAirlockHealthOptions',
  settings: HealthSettings,
  peer: ['@nestjs/terminus', '>=11.0.0', 'nestjs-airlock/health'],
}) {
  /** @throws AirlockOptionsError for an unknown key or a value of the wrong kind */
  static override forRoot(options: AirlockHealthOptions = {}): DynamicModule {
    checkHealthOptions(options);
    return super.forRoot(options);
  }
}
