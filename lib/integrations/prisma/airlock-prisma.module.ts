import { type DynamicModule, Inject, type InjectionToken, Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { clientBehind } from '../client-lookup.js';
import { trackPrismaTransactions, type PrismaFrameOptions } from './track-prisma-transactions.js';
import type { PrismaClientLike } from './prisma.client.js';

/** What `AirlockPrismaModule.forRoot` takes. @publicApi */
export interface AirlockPrismaOptions extends PrismaFrameOptions {
  /** The provider that is the Prisma client, as `PrismaService`, in whatever module. */
  readonly token: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_PRISMA_OPTIONS');

/**
 * `trackPrismaTransactions` for a client that is a provider. Imported anywhere, once for each client.
 *
 * @example
 * imports: [AirlockModule.forRoot(), AirlockPrismaModule.forRoot({ token: PrismaService })]
 * @publicApi
 */
@Module({})
export class AirlockPrismaModule implements OnModuleInit {
  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(OPTIONS) private readonly options: AirlockPrismaOptions,
  ) {}

  static forRoot(options: AirlockPrismaOptions): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockPrismaModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Prisma client */
  onModuleInit(): void {
    const { token } = this.options;
    trackPrismaTransactions(
      clientBehind<PrismaClientLike>(token, this.modules, AirlockPrismaModule.name, 'token'),
      this.options,
    );
  }
}
