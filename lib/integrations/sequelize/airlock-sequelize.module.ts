import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import {
  type ClientKind,
  framesModule,
  held,
  likeThose,
  type OptionalClients,
} from '../frames.module.js';
import { installedInstances } from './installed.instances.js';
import { isSequelize, type SequelizeClient } from './sequelize.client.js';
import { classOf, trackTransactionsOfClass } from './track-sequelize-transactions.js';

/** Options of `AirlockSequelizeModule.forRoot`. @publicApi */
export interface AirlockSequelizeOptions extends OptionalClients {
  /**
   * A provider that is a Sequelize instance, in whatever module. @default all among the providers
   * and in their properties
   */
  readonly token?: InjectionToken;
}

const instances: ClientKind<SequelizeClient, AirlockSequelizeOptions> = {
  module: 'AirlockSequelizeModule',
  client: 'Sequelize instance',
  doors: ['sequelize.transaction'],
  call: 'trackSequelizeTransactions(sequelize)',
  option: 'token',
  find: held(isSequelize),
  trackOthers: likeThose(
    isSequelize,
    classOf,
    (sequelize) => trackTransactionsOfClass(classOf(sequelize)),
    installedInstances,
  ),
};

/**
 * `trackSequelizeTransactions` for the instances of an application, those included that are made
 * later. Imported once, anywhere.
 *
 * @example
 * ```ts
 * @Module({ imports: [AirlockModule.forRoot(), AirlockSequelizeModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockSequelizeModule {
  /**
   * @throws AirlockOptionsError at boot if the token leads to no Sequelize instance, or there is
   *   none at all
   */
  static forRoot(options: AirlockSequelizeOptions = {}): DynamicModule {
    return framesModule(AirlockSequelizeModule, instances, options);
  }
}
