import { type DynamicModule, type InjectionToken, Module } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { proxiesIn } from '../../nest/boot-checks/held-objects.js';
import { isSingleton } from '../../nest/container/providers.js';
import { type ClientKind, framesModule, type OptionalClients } from '../frames.module.js';
import { isPrismaClass, isPrismaProxy, type PrismaClientLike } from './prisma.client.js';
import { trackPrismaTransactions, type PrismaFrameOptions } from './track-prisma-transactions.js';

/** Options of `AirlockPrismaModule.forRoot`. @publicApi */
export interface AirlockPrismaOptions extends PrismaFrameOptions, OptionalClients {
  /**
   * The provider that is the Prisma client, in whatever module: that one and no other.
   *
   * @default all among the providers and in their properties
   */
  readonly token?: InjectionToken;
}

const clients: ClientKind<PrismaClientLike, AirlockPrismaOptions> = {
  module: 'AirlockPrismaModule',
  client: 'Prisma client',
  doors: ['prisma.$transaction', 'tx.$transaction'],
  call: 'trackPrismaTransactions(prisma)',
  option: 'token',
  find: (modules) => [
    ...clientsByClass(modules),
    ...[...proxiesIn(modules).keys()].filter(isPrismaProxy),
  ],
  track: trackPrismaTransactions,
};

/**
 * `trackPrismaTransactions` for the clients of an application. Imported anywhere: once, or once for
 * each token.
 *
 * @example
 * ```ts
 * @Module({ imports: [AirlockModule.forRoot(), AirlockPrismaModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockPrismaModule {
  /**
   * @throws AirlockOptionsError at boot if the token leads to no Prisma client, or there is none at
   *   all
   */
  static forRoot(options: AirlockPrismaOptions = {}): DynamicModule {
    return framesModule(AirlockPrismaModule, clients, options);
  }
}

/** Clients under a class of Prisma, also what a test provides there in the place of one. */
function* clientsByClass(modules: ModulesContainer): Generator<PrismaClientLike> {
  for (const { providers } of modules.values()) {
    for (const wrapper of providers.values()) {
      const isClient = isPrismaClass(wrapper.token) || isPrismaClass(wrapper.metatype);
      if (isClient && isSingleton(wrapper)) yield wrapper.instance as PrismaClientLike;
    }
  }
}
