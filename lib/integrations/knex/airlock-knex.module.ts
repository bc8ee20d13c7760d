import {
  type DynamicModule,
  Inject,
  type InjectionToken,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { objectsIn } from '../../nest/boot-checks/held-objects.js';
import { clientBehind } from '../client-lookup.js';
import { TRACKS_EVERY } from '../tracked.js';
import type { KnexClient } from './knex.client.js';
import {
  dialectOf,
  isKnex,
  trackDialect,
  type KnexFrameOptions,
  trackKnexTransactions,
} from './track-knex-transactions.js';

/** What `AirlockKnexModule.forRoot` takes. @publicApi */
export interface AirlockKnexOptions extends KnexFrameOptions {
  /**
   * The provider that is the Knex instance, in whatever module: that one and no other.
   *
   * @default every instance among the providers and in their properties, and every other one of the same databases, those included that are made
   * later, as one per tenant
   */
  readonly token?: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_KNEX_OPTIONS');

/**
 * `trackKnexTransactions` for the instances of an application. Imported anywhere: once, or once for each token.
 *
 * @publicApi
 */
@Module({})
export class AirlockKnexModule implements OnModuleInit, OnApplicationShutdown {
  /** Whether an instance is covered wherever it is made; not there where one is named. @internal */
  [TRACKS_EVERY]: ((client: object) => boolean) | undefined;
  private leaveOthers: readonly (() => void)[] = [];

  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockKnexOptions,
  ) {}

  static forRoot(options: AirlockKnexOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockKnexModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Knex instance, or there is none at all */
  onModuleInit(): void {
    const { token } = this.options;
    if (token === undefined) return this.keepAll();
    trackKnexTransactions(
      clientBehind<KnexClient>(token, this.providers, AirlockKnexModule.name, 'token'),
      this.options,
    );
  }

  onApplicationShutdown(): void {
    for (const leave of this.leaveOthers) leave();
  }

  private keepAll(): void {
    const found = [...objectsIn(this.modules).keys()].filter(isKnex);
    if (found.length === 0) {
      throw new AirlockOptionsError(
        'token',
        'AirlockKnexModule found no Knex instance among the providers of the application, nor in a property of one. ' +
          'Provide one, name its `token`, or call `trackKnexTransactions(knex)` where instances are made.',
      );
    }
    for (const knex of found) trackKnexTransactions(knex, this.options);
    const dialects = new Set(found.map(dialectOf));
    this.leaveOthers = [...dialects].map(trackDialect);
    this[TRACKS_EVERY] = (client) => isKnex(client) && dialects.has(dialectOf(client));
  }
}
