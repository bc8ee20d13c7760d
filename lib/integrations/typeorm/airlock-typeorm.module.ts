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
import {
  type DataSourceClasses,
  trackEveryDataSource,
  trackTypeOrmTransactions,
} from './track-typeorm-transactions.js';
import { isDataSource, type TypeOrmDataSource } from './typeorm.client.js';

/** What `AirlockTypeOrmModule.forRoot` takes. @publicApi */
export interface AirlockTypeOrmOptions {
  /**
   * The providers that are data sources, as `getDataSourceToken('audit')`, in whatever module: those and no others.
   *
   * @default every data source with transactions, those included that are made later, as one per tenant, or are no providers
   */
  readonly dataSources?: readonly InjectionToken[];
  /** Whether the application may start without a data source among its providers, or without some of those named. @default false */
  readonly optional?: boolean;
}

const OPTIONS = Symbol('AIRLOCK_TYPEORM_OPTIONS');

/**
 * `trackTypeOrmTransactions` for the data sources of an application. Imported once, anywhere.
 *
 * @publicApi
 */
@Module({})
export class AirlockTypeOrmModule implements OnModuleInit, OnApplicationShutdown {
  /** Whether a client is covered wherever it is made; not there where data sources are named. @internal */
  [TRACKS_EVERY]: typeof isDataSource | undefined;
  private leaveOthers: (() => void) | undefined;

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
  async onModuleInit(): Promise<void> {
    const { dataSources, optional = false } = this.options;
    const tokens = optional ? dataSources?.filter((token) => this.isProvided(token)) : dataSources;
    const named = (token: InjectionToken): TypeOrmDataSource =>
      clientBehind(token, this.providers, AirlockTypeOrmModule.name, 'dataSources');
    const found = tokens?.map(named) ?? this.discovered();
    if (found.length === 0 && !optional) {
      throw new AirlockOptionsError(
        'dataSources',
        'AirlockTypeOrmModule found no TypeORM DataSource among the providers of the application. ' +
          'Import `TypeOrmModule.forRoot(…)`, provide a DataSource, or say `optional: true` where some applications have none, or make theirs later.',
      );
    }
    for (const dataSource of found) trackTypeOrmTransactions(dataSource);
    if (dataSources === undefined) await this.keepOthers(found);
  }

  onApplicationShutdown(): void {
    this.leaveOthers?.();
  }

  /** Those to come, too. */
  private async keepOthers(found: readonly TypeOrmDataSource[]): Promise<void> {
    const classes = found.length > 0 ? found.map(classesOf) : await installedClasses();
    if (classes.length === 0) return;
    this.leaveOthers = trackEveryDataSource(classes);
    this[TRACKS_EVERY] = isDataSource;
  }

  private isProvided(token: InjectionToken): boolean {
    return [...this.modules.values()].some(({ providers }) => providers.has(token));
  }

  private discovered(): TypeOrmDataSource[] {
    const dataSources = [...objectsIn(this.modules).keys()].filter(isDataSource);
    return dataSources.filter(({ driver }) => driver.transactionSupport !== 'none');
  }
}

function classesOf(dataSource: TypeOrmDataSource): DataSourceClasses {
  return {
    dataSource: Object.getPrototypeOf(dataSource) as object,
    manager: Object.getPrototypeOf(dataSource.manager) as object,
  };
}

/** None where an application has no TypeORM at all. */
async function installedClasses(): Promise<readonly DataSourceClasses[]> {
  const peer = await import('typeorm').catch(() => undefined);
  return peer === undefined ? [] : [{ dataSource: peer.DataSource.prototype, manager: peer.EntityManager.prototype }];
}
