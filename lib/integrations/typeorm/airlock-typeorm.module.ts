import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import { type ClientKind, framesModule, held, type OptionalClients } from '../frames.module.js';
import {
  type DataSourceClasses,
  trackEveryDataSource,
  trackTypeOrmTransactions,
} from './track-typeorm-transactions.js';
import { peerCopies } from '../peer-copies.js';
import { isDataSource, isTransactional, type TypeOrmDataSource } from './typeorm.client.js';

/** Options of `AirlockTypeOrmModule.forRoot`. @publicApi */
export interface AirlockTypeOrmOptions extends OptionalClients {
  /**
   * The providers that are data sources, as `getDataSourceToken('audit')`, in whatever module:
   * those and no others.
   *
   * @default every data source with transactions, those included that are made later, as one per
   *   tenant, or are no providers
   */
  readonly dataSources?: readonly InjectionToken[];
}

const dataSources: ClientKind<TypeOrmDataSource, AirlockTypeOrmOptions> = {
  module: 'AirlockTypeOrmModule',
  client: 'TypeORM DataSource',
  doors: [
    'dataSource.transaction',
    'manager.transaction',
    'queryRunner.startTransaction',
    'repository.save',
  ],
  call: 'trackTypeOrmTransactions(dataSource)',
  option: 'dataSources',
  find: held(isTransactional),
  track: trackTypeOrmTransactions,
  async trackOthers(found) {
    const classes = found.length > 0 ? found.map(classesOf) : await installedClasses();
    return classes.length === 0
      ? undefined
      : { includes: isDataSource, leave: trackEveryDataSource(classes) };
  },
};

/**
 * `trackTypeOrmTransactions` for the data sources of an application. Imported once, anywhere.
 *
 * @example
 * ```ts
 * @Module({ imports: [AirlockModule.forRoot(), AirlockTypeOrmModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockTypeOrmModule {
  /**
   * @throws AirlockOptionsError at boot if there is no data source and it is not optional, or a
   *   token is not one
   */
  static forRoot(options: AirlockTypeOrmOptions = {}): DynamicModule {
    return framesModule(AirlockTypeOrmModule, dataSources, options);
  }
}

function classesOf(dataSource: TypeOrmDataSource): DataSourceClasses {
  return {
    dataSource: Object.getPrototypeOf(dataSource) as object,
    manager: Object.getPrototypeOf(dataSource.manager) as object,
  };
}

/** Classes of each copy of TypeORM that is installed; none where an application has none. */
async function installedClasses(): Promise<readonly DataSourceClasses[]> {
  const copies = await peerCopies('typeorm', () => import('typeorm'));
  return copies.map(({ DataSource, EntityManager }) => ({
    dataSource: DataSource.prototype,
    manager: EntityManager.prototype,
  }));
}
