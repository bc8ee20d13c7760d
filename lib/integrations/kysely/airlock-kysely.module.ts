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
import { buildersOf, trackTransactionsOfClass, requireKysely } from './track-kysely-transactions.js';
import { isKysely, type KyselyClient } from './kysely.client.js';

/** What `AirlockKyselyModule.forRoot` takes. @publicApi */
export interface AirlockKyselyOptions {
  /** A provider that is a Kysely instance, in whatever module. @default all among the providers and in their properties */
  readonly token?: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_KYSELY_OPTIONS');

/**
 * `trackKyselyTransactions` for the instances of an application, those included that are made later. Imported once, anywhere.
 *
 * @example
 * imports: [AirlockModule.forRoot(), AirlockKyselyModule.forRoot()]
 * @publicApi
 */
@Module({})
export class AirlockKyselyModule implements OnModuleInit, OnApplicationShutdown {
  /** Whether an instance is covered wherever it is made. @internal */
  [TRACKS_EVERY]: ((client: object) => boolean) | undefined;
  private leaveAll: readonly (() => void)[] = [];

  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockKyselyOptions,
  ) {}

  static forRoot(options: AirlockKyselyOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockKyselyModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Kysely instance, or there is none at all */
  onModuleInit(): void {
    const byClass = new Map(this.instances().map((db) => [buildersOf(requireKysely(db)), db]));
    this.leaveAll = [...byClass.values()].map(trackTransactionsOfClass);
    this[TRACKS_EVERY] = (client) => isKysely(client) && byClass.has(buildersOf(client));
  }

  onApplicationShutdown(): void {
    for (const leave of this.leaveAll) leave();
  }

  private instances(): readonly KyselyClient[] {
    const { token } = this.options;
    if (token !== undefined) return [clientBehind(token, this.providers, AirlockKyselyModule.name, 'token')];
    const found = [...objectsIn(this.modules).keys()].filter(isKysely);
    if (found.length > 0) return found;
    throw new AirlockOptionsError(
      'token',
      'AirlockKyselyModule found no Kysely instance among the providers of the application, nor in a property of one. ' +
        'Provide one, name its `token`, or call `trackKyselyTransactions(db)` where instances are made.',
    );
  }
}
