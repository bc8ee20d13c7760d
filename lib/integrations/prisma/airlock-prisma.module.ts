import { type DynamicModule, type InjectionToken, Module, type Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { proxiesIn } from '../../nest/boot-checks/held-objects.js';
import { isSingleton } from '../../nest/container/providers.js';
import {
  type ClientKind,
  framesModule,
  likeThose,
  type OptionalClients,
} from '../frames.module.js';
import { isPrismaClass, isPrismaProxy, type PrismaClientLike } from './prisma.client.js';
import {
  classOf,
  trackPrismaTransactions,
  trackTransactionsOfClass,
  type PrismaFrameOptions,
} from './track-prisma-transactions.js';

/** Options of `AirlockPrismaModule.forRoot`. @publicApi */
export interface AirlockPrismaOptions extends PrismaFrameOptions, OptionalClients {
  /**
   * The provider that is the Prisma client, in whatever module: that one and no other.
   *
   * @default all among the providers and in their properties
   */
  readonly token?: InjectionToken;
  /**
   * Generated classes, or classes derived from those, whose clients are made later, such as one per
   * tenant: all their clients are tracked.
   *
   * @default those of clients that are found, and those that are request-scoped providers
   */
  readonly classes?: readonly Type<PrismaClientLike>[];
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
  findLater: (modules, { token, classes = token === undefined ? laterClasses(modules) : [] }) =>
    classes.map(requirePrototype),
  // Each generated client has a class of its own, so none is known that is not found or named.
  trackOthers: likeThose(isPrismaProxy, classOf, trackTransactionsOfClass, () =>
    Promise.resolve([]),
  ),
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

/** Classes of Prisma whose clients are made for a request, or for each who injects them. */
function laterClasses(modules: ModulesContainer): readonly Type<PrismaClientLike>[] {
  const wrappers = [...modules.values()].flatMap(({ providers }) => [...providers.values()]);
  return wrappers
    .filter((wrapper) => isPrismaClass(wrapper.metatype) && !isSingleton(wrapper))
    .map(({ metatype }) => metatype as Type<PrismaClientLike>);
}

function requirePrototype(type: Type<PrismaClientLike>): PrismaClientLike {
  if (!isPrismaClass(type))
    throw AirlockOptionsError.expected('classes', 'an array of classes of Prisma clients', type);
  return type.prototype as PrismaClientLike;
}
