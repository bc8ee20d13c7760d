import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import {
  type ClientKind,
  framesModule,
  held,
  likeThose,
  type OptionalClients,
} from '../frames.module.js';
import { installedInstances } from './installed.instances.js';
import type { KnexClient } from './knex.client.js';
import {
  dialectOf,
  isKnex,
  trackDialect,
  type KnexFrameOptions,
  trackKnexTransactions,
} from './track-knex-transactions.js';

/** Options of `AirlockKnexModule.forRoot`. @publicApi */
export interface AirlockKnexOptions extends KnexFrameOptions, OptionalClients {
  /**
   * The provider that is the Knex instance, in whatever module: that one and no other.
   *
   * @default every instance among the providers and in their properties, and every other one of the
   * same databases, those included that are made later, as one per tenant
   */
  readonly token?: InjectionToken;
}

const instances: ClientKind<KnexClient, AirlockKnexOptions> = {
  module: 'AirlockKnexModule',
  client: 'Knex instance',
  doors: ['knex.transaction', 'knex.transactionProvider', 'trx.transaction', 'trx.savepoint'],
  call: 'trackKnexTransactions(knex)',
  option: 'token',
  find: held(isKnex),
  track: trackKnexTransactions,
  trackOthers: likeThose(
    isKnex,
    dialectOf,
    (knex) => trackDialect(dialectOf(knex)),
    installedInstances,
  ),
};

/**
 * `trackKnexTransactions` for the instances of an application. Imported anywhere: once, or once for
 * each token.
 *
 * @example
 * ```ts
 * @Module({ imports: [AirlockModule.forRoot(), AirlockKnexModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockKnexModule {
  /**
   * @throws AirlockOptionsError at boot if the token leads to no Knex instance, or there is none at
   *   all
   */
  static forRoot(options: AirlockKnexOptions = {}): DynamicModule {
    return framesModule(AirlockKnexModule, instances, options);
  }
}
