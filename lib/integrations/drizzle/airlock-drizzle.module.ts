import { type DynamicModule, Inject, type InjectionToken, Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { clientBehind } from '../client-lookup.js';
import type { DrizzleDatabase } from './drizzle.client.js';
import { type DrizzleFrameOptions, keepDrizzleFrames } from './keep-drizzle-frames.js';

/** What `AirlockDrizzleModule.forRoot` takes. @publicApi */
export interface AirlockDrizzleOptions extends DrizzleFrameOptions {
  /** The provider that is the database, in whatever module. */
  readonly token: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_DRIZZLE_OPTIONS');

/**
 * `keepDrizzleFrames` for a database that is a provider. Imported anywhere, once for each database.
 *
 * @publicApi
 */
@Module({})
export class AirlockDrizzleModule implements OnModuleInit {
  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(OPTIONS) private readonly options: AirlockDrizzleOptions,
  ) {}

  static forRoot(options: AirlockDrizzleOptions): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockDrizzleModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no database */
  onModuleInit(): void {
    const { token } = this.options;
    keepDrizzleFrames(
      clientBehind<DrizzleDatabase>(token, this.modules, AirlockDrizzleModule.name, 'token'),
      this.options,
    );
  }
}
