import {
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type NestModule,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { AirlockApplication } from '../../nest/application/airlock.application.js';
import { SafeLogger } from '../../nest/log/safe-logger.js';
import { AIRLOCK_OPTIONS, type AirlockModuleOptions } from '../../nest/options/airlock-options.js';
import { AirlockService } from '../../nest/services/airlock.service.js';
import { rootModule } from '../root.module.js';
import { inspectorController, mount } from './inspector.controller.js';
import type { AirlockInspectorOptions } from './inspector.options.js';
import { checkInspectorOptions, InspectorSettings } from './inspector.settings.js';
import { type InspectedApplication, Inspector } from './inspector.js';
import { GuardChain } from './serving/guard-chain.js';
import { assertPathIsFree } from './serving/taken-path.js';

/** Interface that `useClass` and `useExisting` of `forRootAsync` implement. @publicApi */
export interface AirlockInspectorOptionsFactory {
  createAirlockInspectorOptions(): AirlockInspectorOptions | Promise<AirlockInspectorOptions>;
}

/**
 * Options of `AirlockInspectorModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`.
 * @publicApi
 */
export type AirlockInspectorAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockInspectorOptions,
  'createAirlockInspectorOptions'
>;

const CONTROLLER = Symbol('AIRLOCK_INSPECTOR_CONTROLLER');

/**
 * Serves a page that shows the units of work of the application as they happen: which effects were
 * dropped and why, which failed, which are stuck. Needs `AirlockModule`, and a guard in production.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     AirlockModule.forRoot(),
 *     AirlockInspectorModule.forRoot({ guards: [AdminGuard] }),
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
      provide: GuardChain,
      inject: [InspectorSettings],
      useFactory: (settings: InspectorSettings) => new GuardChain(settings),
    },
    {
      provide: Inspector,
      // Injected so that this is built after the application.
      inject: [
        InspectorSettings,
        ModulesContainer,
        ModuleRef,
        { token: AirlockService, optional: true },
      ],
      useFactory: (
        settings: InspectorSettings,
        modules: ModulesContainer,
        providers: ModuleRef,
        airlock: AirlockService | undefined,
      ) => {
        if (airlock === undefined) throw nothingToInspect();
        const { runtime, worker } = providers.get(AirlockApplication, { strict: false });
        const inspected: InspectedApplication = {
          runtime,
          worker,
          options: providers.get<AirlockModuleOptions>(AIRLOCK_OPTIONS, { strict: false }),
          modules,
          explain: () => airlock.explain(),
        };
        return new Inspector(inspected, settings, new SafeLogger(new Logger('AirlockInspector')));
      },
    },
  ],
})
export class AirlockInspectorModule
  extends rootModule({
    module: 'AirlockInspectorModule',
    hint: 'it sees the whole application',
    factoryMethod: 'createAirlockInspectorOptions',
    settings: InspectorSettings,
    // Made for each application: two of them may mount the inspector at different paths.
    shapedBy: () => {
      const controller = inspectorController();
      return {
        controllers: [controller],
        providers: [{ provide: CONTROLLER, useValue: controller }],
      };
    },
  })
  implements NestModule, OnModuleInit, OnModuleDestroy
{
  /** @internal Built by Nest. */
  constructor(
    @Inject(Inspector) private readonly inspector: Inspector,
    @Inject(InspectorSettings) private readonly settings: InspectorSettings,
    @Inject(GuardChain) private readonly guards: GuardChain,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(CONTROLLER) private readonly controller: Type,
  ) {
    super();
    mount(controller, settings);
  }

  /** @throws AirlockOptionsError for an unknown key or a value of the wrong kind */
  static override forRoot(options: AirlockInspectorOptions = {}): DynamicModule {
    checkInspectorOptions(options);
    return super.forRoot(options);
  }

  /**
   * Mounts the controller here, without adding a middleware: all controllers are known, and no
   * route is registered yet.
   */
  configure(): void {
    assertPathIsFree(this.modules, this.controller, this.settings.path);
  }

  async onModuleInit(): Promise<void> {
    await this.guards.resolve(this.modules, AirlockInspectorModule);
    this.inspector.start();
  }

  onModuleDestroy(): void {
    this.inspector.stop();
  }
}

function nothingToInspect(): AirlockOptionsError {
  return new AirlockOptionsError(
    'AirlockInspectorModule',
    'The inspector has nothing to look into: import `AirlockModule.forRoot()` in the root module.',
  );
}
