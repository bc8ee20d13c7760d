import { isProxy } from 'node:util/types';
import { type DynamicModule, Inject, type InjectionToken, Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { clientBehind } from '../client-lookup.js';
import { keepTypeOrmFrames } from './keep-typeorm-frames.js';
import { isDataSource, type TypeOrmDataSource } from './typeorm.client.js';

/** What `AirlockTypeOrmModule.forRoot` takes. @publicApi */
export interface AirlockTypeOrmOptions {
  /**
   * The providers that are data sources, as `getDataSourceToken('audit')`, in whatever module.
   *
   * @default every provider of the application that is a data source with transactions
   */
  readonly dataSources?: readonly InjectionToken[];
  /** Whether the application may start without a data source, or without some of those named. @default false */
  readonly optional?: boolean;
}

const OPTIONS = Symbol('AIRLOCK_TYPEORM_OPTIONS');

/**
 * `keepTypeOrmFrames` for the data sources of an application. Imported once, anywhere.
 *
 * @publicApi
 */
@Module({})
export class AirlockTypeOrmModule implements OnModuleInit {
  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockTypeOrmOptions,
  ) {}

  static forRoot(options: AirlockTypeOrmOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockTypeOrmModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if there is no data source and it is not optional, or a token is not one */
  onModuleInit(): void {
    const { dataSources, optional = false } = this.options;
    const tokens = optional ? dataSources?.filter((token) => this.isProvided(token)) : dataSources;
    const named = (token: InjectionToken): TypeOrmDataSource =>
      clientBehind(token, this.providers, AirlockTypeOrmModule.name, 'dataSources');
    const found = tokens?.map(named) ?? this.discovered();
    if (found.length === 0 && !optional) {
      throw new AirlockOptionsError(
        'dataSources',
        'AirlockTypeOrmModule found no TypeORM DataSource among the providers of the application. ' +
          'Import `TypeOrmModule.forRoot(…)`, provide a DataSource, or say `optional: true` where some applications have none.',
      );
    }
    for (const dataSource of found) keepTypeOrmFrames(dataSource);
  }

  private isProvided(token: InjectionToken): boolean {
    return [...this.modules.values()].some(({ providers }) => providers.has(token));
  }

  private discovered(): TypeOrmDataSource[] {
    const found: TypeOrmDataSource[] = [];
    for (const { providers } of this.modules.values()) {
      for (const { instance } of providers.values()) {
        if (isDirect(instance) && isDataSource(instance) && instance.driver.transactionSupport !== 'none')
          found.push(instance);
      }
    }
    return found;
  }
}

/** A proxy may refuse to be looked at. */
function isDirect(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isProxy(value);
}
