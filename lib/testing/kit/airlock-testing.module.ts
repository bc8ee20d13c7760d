import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { AirlockApplication } from '../../nest/application/airlock.application.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { AirlockModule } from '../../nest/airlock.module.js';
import { AIRLOCK_OPTIONS, type AirlockModuleOptions } from '../../nest/options/airlock-options.js';
import { type FakeOptions, TestedAirlockApplication } from './tested.application.js';

/** @publicApi */
export interface AirlockTestingOptions extends AirlockModuleOptions, FakeOptions {}

/**
 * Module for an application under test: treats effects as `mode` says, and records them for
 * `expect(app)`, `recorderOf`, `drain` and `waitForEffect` until the application is closed.
 *
 * @publicApi
 */
export class AirlockTestingModule {
  /**
   * Takes the place of `AirlockModule.forRoot()` in a module made for a test.
   *
   * @throws AirlockOptionsError
   * @example
   * ```ts
   * const module = await Test.createTestingModule({
   *   imports: [AirlockTestingModule.forRoot({ mode: 'capture' })],
   *   providers: [OrderService],
   * }).compile();
   * ```
   */
  static forRoot({ mode, fakeOnly, ...options }: AirlockTestingOptions): DynamicModule {
    const { providers = [], ...module } = AirlockModule.forRoot(options);
    const application: FactoryProvider = {
      provide: AirlockApplication,
      ...tested({ mode, ...(fakeOnly && { fakeOnly }) }),
    };
    // Nest keeps the last provider of a token.
    return { ...module, providers: [...providers, application] };
  }

  /**
   * Does the same for an application whose modules import `AirlockModule` themselves, with
   * `forRoot` or `forRootAsync`.
   *
   * @param options also options of `AirlockModule`, which win over those of the application
   * @throws AirlockOptionsError for what is no builder
   * @example
   * ```ts
   * const builder = Test.createTestingModule({ imports: [AppModule] });
   * const module = await AirlockTestingModule.override(builder, { mode: 'capture' }).compile();
   * ```
   */
  static override(
    builder: TestingModuleBuilder,
    options: AirlockTestingOptions,
  ): TestingModuleBuilder {
    if (
      typeof (builder as Partial<TestingModuleBuilder> | undefined)?.overrideProvider !== 'function'
    )
      throw AirlockOptionsError.expected(
        'builder',
        'what `Test.createTestingModule(…)` returns, before it is compiled',
        builder,
      );
    const { mode, fakeOnly, ...overrides } = options;
    const { inject, useFactory } = tested({ mode, ...(fakeOnly && { fakeOnly }) }, overrides);
    return builder.overrideProvider(AirlockApplication).useFactory({ inject, factory: useFactory });
  }
}

function tested(fakes: FakeOptions, overrides: AirlockModuleOptions = {}) {
  return {
    inject: [AIRLOCK_OPTIONS, ModulesContainer],
    useFactory: (options: AirlockModuleOptions, modules: ModulesContainer): AirlockApplication =>
      new TestedAirlockApplication(fakes, { ...options, ...overrides }, modules),
  };
}
