import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  type DynamicModule,
  type HttpServer,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import {
  ApplicationConfig,
  HttpAdapterHost,
  LazyModuleLoader,
  ModulesContainer,
} from '@nestjs/core';
import { AirlockRuntime } from '../core/runtime.js';
import { AirlockApplication } from './application/airlock.application.js';
import { AirlockInterceptor } from './boundaries/airlock.interceptor.js';
import { AirlockService } from './services/airlock.service.js';
import {
  AirlockShutdownModule,
  destroyFirst,
  initialiseFirst,
  Shutdown,
} from './container/hook-order.js';
import { beforeFirstGateway } from './container/first-gateway.js';
import { whenServerArrives } from './container/server-arrival.js';
import { EffectBuffer } from './services/effect-buffer.js';
import { interceptMessages } from './application/message.interceptor.js';
import { AIRLOCK_OPTIONS, type AirlockModuleOptions } from './options/airlock-options.js';
import { validateOptions } from './options/validate-options.js';
import { EffectWorker } from './remote/effect-worker.js';
import { refuseOtherCopies } from '../installation/installed-copies.js';
import { requirePeer } from '../installation/required-peer.js';

/**
 * Factory of options, for classes given to `forRootAsync` as `useClass` or `useExisting`.
 * @publicApi
 */
export interface AirlockOptionsFactory {
  createAirlockOptions(): AirlockModuleOptions | Promise<AirlockModuleOptions>;
}

/**
 * Options of `AirlockModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`. @publicApi
 */
export type AirlockModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockModuleOptions,
  'createAirlockOptions'
>;

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AirlockModuleOptions>({
  optionsInjectionToken: AIRLOCK_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAirlockOptions')
  .build();

const fromApplication = <T>(
  provide: abstract new (...args: never[]) => T,
  get: (application: AirlockApplication) => T,
) => ({
  provide,
  inject: [AirlockApplication],
  useFactory: get,
});

/**
 * Makes every entry point of the application a boundary. Imported once, at the root; its providers
 * are global.
 *
 * @publicApi
 */
@Module({
  imports: [AirlockShutdownModule],
  providers: [
    {
      provide: AirlockApplication,
      inject: [AIRLOCK_OPTIONS, ModulesContainer],
      useFactory: (options: AirlockModuleOptions, modules: ModulesContainer) => {
        refuseOtherCopies();
        validateOptions(options);
        return new AirlockApplication(options, modules, new Logger('Airlock'));
      },
    },
    fromApplication(AirlockRuntime, (application) => application.runtime),
    fromApplication(AirlockInterceptor, (application) => application.interceptor),
    fromApplication(EffectWorker, (application) => application.worker),
    fromApplication(EffectBuffer, ({ runtime }) => new EffectBuffer(runtime)),
    fromApplication(
      AirlockService,
      (application) => new AirlockService(application.runtime, () => application.explain()),
    ),
  ],
  // The interceptor is for `MessageInterceptor`, which Nest makes in the modules of controllers;
  // worker and runtime for integrations.
  exports: [EffectBuffer, AirlockService, AirlockInterceptor, EffectWorker, AirlockRuntime],
})
export class AirlockModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  /** @internal Built by Nest. */
  constructor(
    @Inject(AirlockApplication) private readonly application: AirlockApplication,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(LazyModuleLoader) private readonly loader: LazyModuleLoader,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(Shutdown) shutdown: Shutdown,
  ) {
    super();
    // Not an `APP_INTERCEPTOR`: those are added when all providers are there, in the order of
    // modules, and this one must be outermost wherever the module is imported.
    config.addGlobalInterceptor(application.interceptor);
    interceptMessages(modules, application.interceptor);
    // Entry points must be wrapped before peers look them up in their own `onModuleInit`, and
    // running work must end before other modules close what it uses.
    initialiseFirst(modules, AirlockModule);
    destroyFirst(modules, AirlockShutdownModule);
    shutdown.beginsWith(() => application.stop());
    beforeFirstGateway(config, () => application.coverGateways());
    whenServerArrives(adapterHost, () =>
      application.applyTo(adapterHost.httpAdapter as HttpServer | null | undefined, config),
    );
  }

  /**
   * @throws AirlockOptionsError for an unknown key or a value of the wrong kind
   *
   * @example
   * ```ts
   * @Module({
   *   imports: [AirlockModule.forRoot({ policy: LogOnFlush, effectTimeoutMs: 5_000 })],
   * })
   * export class AppModule {}
   * ```
   */
  static override forRoot(options: AirlockModuleOptions = {}): DynamicModule {
    assertInstalled();
    validateOptions(options);
    return { ...super.forRoot(options), global: true };
  }

  /**
   * Options that come from other providers; checked when they have arrived.
   *
   * @example
   * ```ts
   * AirlockModule.forRootAsync({
   *   inject: [ShopSettings],
   *   useFactory: (settings: ShopSettings) => ({ policy: settings.isReadOnly ? DropAll : AllowAll }),
   * });
   * ```
   */
  static override forRootAsync(options: AirlockModuleAsyncOptions): DynamicModule {
    assertInstalled();
    return { ...super.forRootAsync(options), global: true };
  }

  async onModuleInit(): Promise<void> {
    await this.application.start(this.config, this.loader);
  }

  onApplicationBootstrap(): void {
    this.application.ready();
  }

  onApplicationShutdown(): void {
    this.application.gone();
  }
}

/**
 * Checks the installation before Nest fails on a provider that only another copy has, or calls the
 * hooks of a shutdown in another order, as Nest 10 does.
 *
 * @throws TwoCopiesError, PeerVersionError
 */
function assertInstalled(): void {
  refuseOtherCopies();
  requirePeer('@nestjs/core', '>=11.0.0', 'nestjs-airlock');
}
