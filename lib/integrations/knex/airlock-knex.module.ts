import { type DynamicModule, Inject, type InjectionToken, Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { clientBehind } from '../client-lookup.js';
import type { KnexClient } from './knex.client.js';
import { type KnexFrameOptions, keepKnexFrames } from './keep-knex-frames.js';

/** What `AirlockKnexModule.forRoot` takes. @publicApi */
export interface AirlockKnexOptions extends KnexFrameOptions {
  /** The provider that is the Knex instance, in whatever module. */
  readonly token: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_KNEX_OPTIONS');

/**
 * `keepKnexFrames` for an instance that is a provider. Imported anywhere, once for each instance.
 *
 * @publicApi
 */
@Module({})
export class AirlockKnexModule implements OnModuleInit {
  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(OPTIONS) private readonly options: AirlockKnexOptions,
  ) {}

  static forRoot(options: AirlockKnexOptions): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockKnexModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Knex instance */
  onModuleInit(): void {
    const { token } = this.options;
    keepKnexFrames(clientBehind<KnexClient>(token, this.modules, AirlockKnexModule.name, 'token'), this.options);
  }
}
