import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import {
  type ClientKind,
  framesModule,
  held,
  likeThose,
  type OptionalClients,
} from '../frames.module.js';
import { installedInstances } from './installed.instances.js';
import { isKysely, type KyselyClient } from './kysely.client.js';
import {
  buildersOf,
  requireKysely,
  trackTransactionsOfClass,
} from './track-kysely-transactions.js';

/** Options of `AirlockKyselyModule.forRoot`. @publicApi */
export interface AirlockKyselyOptions extends OptionalClients {
  /**
   * A provider that is a Kysely instance, in whatever module. @default all among the providers and
   * in their properties
   */
  readonly token?: InjectionToken;
}

const instances: ClientKind<KyselyClient, AirlockKyselyOptions> = {
  module: 'AirlockKyselyModule',
  client: 'Kysely instance',
  doors: ['db.transaction', 'db.startTransaction', 'trx.savepoint'],
  call: 'trackKyselyTransactions(db)',
  option: 'token',
  find: held(isKysely),
  trackOthers: likeThose(
    isKysely,
    (db) => buildersOf(requireKysely(db)),
    trackTransactionsOfClass,
    installedInstances,
  ),
};

/**
 * `trackKyselyTransactions` for the instances of an application, those included that are made
 * later. Imported once, anywhere.
 *
 * @example
 * ```ts
 * @Module({ imports: [AirlockModule.forRoot(), AirlockKyselyModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockKyselyModule {
  /**
   * @throws AirlockOptionsError at boot if the token leads to no Kysely instance, or there is none
   *   at all
   */
  static forRoot(options: AirlockKyselyOptions = {}): DynamicModule {
    return framesModule(AirlockKyselyModule, instances, options);
  }
}
