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
import { classOf, type DrizzleDatabase, isDrizzle, isSynchronous } from './drizzle.client.js';
import {
  type DrizzleFrameOptions,
  trackDrizzleTransactions,
  trackEveryDatabase,
} from './track-drizzle-transactions.js';

/** What `AirlockDrizzleModule.forRoot` takes. @publicApi */
export interface AirlockDrizzleOptions extends DrizzleFrameOptions {
  /**
   * The provider that is the database, in whatever module: that one and no other.
   *
   * @default every database among the providers and in their properties, and every other one of the same dialects, those included that are made
   * later, as one per tenant
   */
  readonly token?: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_DRIZZLE_OPTIONS');

/**
 * `trackDrizzleTransactions` for the databases of an application. Imported anywhere: once, or once for each token.
 *
 * @publicApi
 */
@Module({})
export class AirlockDrizzleModule implements OnModuleInit, OnApplicationShutdown {
  /** Whether a database is covered wherever it is made; not there where one is named. @internal */
  [TRACKS_EVERY]: ((client: object) => boolean) | undefined;
  private leaveOthers: readonly (() => void)[] = [];

  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockDrizzleOptions,
  ) {}

  static forRoot(options: AirlockDrizzleOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockDrizzleModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no database, or there is none at all */
  onModuleInit(): void {
    const { token } = this.options;
    if (token === undefined) return this.keepAll();
    const db = clientBehind<DrizzleDatabase>(token, this.providers, AirlockDrizzleModule.name, 'token');
    trackDrizzleTransactions(db, this.options);
  }

  onApplicationShutdown(): void {
    for (const leave of this.leaveOthers) leave();
  }

  private keepAll(): void {
    const found = [...objectsIn(this.modules).keys()].filter(isDrizzle).filter((db) => !isSynchronous(db));
    if (found.length === 0) {
      throw new AirlockOptionsError(
        'token',
        'AirlockDrizzleModule found no Drizzle database with asynchronous transactions among the providers of the application, nor in a property of one. ' +
          'Provide one, name its `token`, or call `trackDrizzleTransactions(db)` where databases are made.',
      );
    }
    for (const db of found) trackDrizzleTransactions(db, this.options);
    const classes = new Set(found.map(classOf).filter((one) => one !== undefined));
    this.leaveOthers = [...classes].map(trackEveryDatabase);
    this[TRACKS_EVERY] = (client) => isDrizzle(client) && classes.has(classOf(client)!);
  }
}
