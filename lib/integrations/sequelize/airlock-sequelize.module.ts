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
import { classOf, declarerOf, isSequelize, trackTransactionsOfClass } from './track-sequelize-transactions.js';
import type { SequelizeClient } from './sequelize.client.js';

/** What `AirlockSequelizeModule.forRoot` takes. @publicApi */
export interface AirlockSequelizeOptions {
  /** A provider that is a Sequelize instance, in whatever module. @default all among the providers and in their properties */
  readonly token?: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_SEQUELIZE_OPTIONS');

/**
 * `trackSequelizeTransactions` for the instances of an application, those included that are made later. Imported once, anywhere.
 *
 * @example
 * imports: [AirlockModule.forRoot(), AirlockSequelizeModule.forRoot()]
 * @publicApi
 */
@Module({})
export class AirlockSequelizeModule implements OnModuleInit, OnApplicationShutdown {
  /** Whether an instance is covered wherever it is made. @internal */
  [TRACKS_EVERY]: ((client: object) => boolean) | undefined;
  private leaveAll: readonly (() => void)[] = [];

  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockSequelizeOptions,
  ) {}

  static forRoot(options: AirlockSequelizeOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockSequelizeModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Sequelize instance, or there is none at all */
  onModuleInit(): void {
    const classes = new Set(this.instances().map(classOf));
    this.leaveAll = [...classes].map(trackTransactionsOfClass);
    this[TRACKS_EVERY] = (client) => isSequelize(client) && classes.has(declarerOf(client));
  }

  onApplicationShutdown(): void {
    for (const leave of this.leaveAll) leave();
  }

  private instances(): readonly SequelizeClient[] {
    const { token } = this.options;
    if (token !== undefined) return [clientBehind(token, this.providers, AirlockSequelizeModule.name, 'token')];
    const found = [...objectsIn(this.modules).keys()].filter(isSequelize);
    if (found.length > 0) return found;
    throw new AirlockOptionsError(
      'token',
      'AirlockSequelizeModule found no Sequelize instance among the providers of the application, nor in a property of one. ' +
        'Provide one, name its `token`, or call `trackSequelizeTransactions(sequelize)` where instances are made.',
    );
  }
}
