import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  type DynamicModule,
  Module,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { requirePeer } from '../../installation/required-peer.js';
import { assertImportedOnce } from '../../nest/container/imported-once.js';
import { AirlockHealthIndicator } from './airlock-health.indicator.js';
import { AIRLOCK_HEALTH_OPTIONS, type AirlockHealthOptions } from './health.options.js';
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

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AirlockHealthOptions>({
  optionsInjectionToken: AIRLOCK_HEALTH_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAirlockHealthOptions')
  .build();

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
@Module({
  providers: [
    {
      provide: HealthSettings,
      inject: [AIRLOCK_HEALTH_OPTIONS, ModulesContainer],
      useFactory: (options: AirlockHealthOptions, modules: ModulesContainer) => {
        requirePeer('@nestjs/terminus', '>=11.0.0', 'nestjs-airlock/health');
        const hint = 'its indicator is there for every module';
        assertImportedOnce(modules, 'AirlockHealthModule', HealthSettings, hint);
        return new HealthSettings(options);
      },
    },
    AirlockHealthIndicator,
  ],
  exports: [AirlockHealthIndicator],
})
export class AirlockHealthModule extends ConfigurableModuleClass {
  /** @throws AirlockOptionsError for an unknown key or a value of the wrong kind */
  static override forRoot(options: AirlockHealthOptions = {}): DynamicModule {
    checkHealthOptions(options);
    return { ...super.forRoot(options), global: true };
  }

  /** Options that come from other providers; checked when they have arrived. */
  static override forRootAsync(options: AirlockHealthAsyncOptions): DynamicModule {
    return { ...super.forRootAsync(options), global: true };
  }
}
