import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import {
  type ClientKind,
  framesModule,
  held,
  likeThose,
  type OptionalClients,
} from '../frames.module.js';
import { declarerOf, type DrizzleDatabase, isDrizzle } from './drizzle.client.js';
import { installedDatabases } from './installed.databases.js';
import {
  type DrizzleFrameOptions,
  trackDrizzleTransactions,
  trackEveryDatabase,
} from './track-drizzle-transactions.js';

/** Options of `AirlockDrizzleModule.forRoot`. @publicApi */
export interface AirlockDrizzleOptions extends DrizzleFrameOptions, OptionalClients {
  /**
   * The provider that is the database, in whatever module: that one and no other.
   *
   * @default every database among the providers and in their properties, and every other one of the
   * same dialects, those included that are made later, as one per tenant
   */
  readonly token?: InjectionToken;
}

const databases: ClientKind<DrizzleDatabase, AirlockDrizzleOptions> = {
  module: 'AirlockDrizzleModule',
  client: 'Drizzle database',
  doors: ['db.transaction', 'tx.transaction'],
  call: 'trackDrizzleTransactions(db)',
  option: 'token',
  find: held(isDrizzle),
  track: trackDrizzleTransactions,
  trackOthers: likeThose(
    isDrizzle,
    declarerOf,
    (db) => trackEveryDatabase(declarerOf(db)!),
    installedDatabases,
  ),
};

/**
 * `trackDrizzleTransactions` for the databases of an application. Imported anywhere: once, or once
 * for each token.
 *
 * @example
 * ```ts
 * @Module({ imports: [AirlockModule.forRoot(), AirlockDrizzleModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockDrizzleModule {
  /**
   * @throws AirlockOptionsError at boot if the token leads to no database, or there is none at all
   */
  static forRoot(options: AirlockDrizzleOptions = {}): DynamicModule {
    return framesModule(AirlockDrizzleModule, databases, options);
  }
}
