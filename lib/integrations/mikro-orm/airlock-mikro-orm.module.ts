import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import {
  type ClientKind,
  framesModule,
  held,
  likeThose,
  type OptionalClients,
} from '../frames.module.js';
import { installedInstances } from './installed.instances.js';
import { isMikroOrm, isSql, type MikroOrmClient } from './mikro-orm.client.js';
import { classOf, trackTransactionsOfClass } from './track-mikro-orm-transactions.js';

/** Options of `AirlockMikroOrmModule.forRoot`. @publicApi */
export interface AirlockMikroOrmOptions extends OptionalClients {
  /**
   * A provider that is a MikroORM instance, in whatever module. @default all on SQL databases among
   * the providers and in their properties
   */
  readonly token?: InjectionToken;
}

const instances: ClientKind<MikroOrmClient, AirlockMikroOrmOptions> = {
  module: 'AirlockMikroOrmModule',
  client: 'MikroORM instance on an SQL database',
  doors: ['em.transactional', 'em.begin', 'em.flush'],
  call: 'trackMikroOrmTransactions(orm)',
  option: 'token',
  find: held(isOnSql),
  trackOthers: likeThose(isOnSql, classOf, trackTransactionsOfClass, installedInstances),
};

/**
 * `trackMikroOrmTransactions` for the instances of an application, those included that are made
 * later. Imported once, anywhere.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     AirlockModule.forRoot(),
 *     MikroOrmModule.forRoot(config),
 *     AirlockMikroOrmModule.forRoot(),
 *   ],
 * })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockMikroOrmModule {
  /**
   * @throws AirlockOptionsError at boot if the token leads to no MikroORM instance on an SQL
   *   database, or there is none at all
   */
  static forRoot(options: AirlockMikroOrmOptions = {}): DynamicModule {
    return framesModule(AirlockMikroOrmModule, instances, options);
  }
}

function isOnSql(object: object): object is MikroOrmClient {
  return isMikroOrm(object) && isSql(object);
}
