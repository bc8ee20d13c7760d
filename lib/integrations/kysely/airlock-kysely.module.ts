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
import { objectsIn } from '../../nest/held-objects.js';
import { clientBehind } from '../client-lookup.js';
import { KEEPS_EVERY } from '../keeps-frames.js';
import { keepFramesOfClass, requireKysely } from './keep-kysely-frames.js';
import { isKysely, type KyselyClient } from './kysely.client.js';

/** What `AirlockKyselyModule.forRoot` takes. @publicApi */
export interface AirlockKyselyOptions {
  /** A provider that is a Kysely instance, in whatever module. @default the first one among the providers and in their properties */
  readonly token?: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_KYSELY_OPTIONS');

/**
 * `keepKyselyFrames` for the instances of an application, those included that are made later. Imported once, anywhere.
 *
 * @example
 * imports: [AirlockModule.forRoot(), AirlockKyselyModule.forRoot()]
 * @publicApi
 */
@Module({})
export class AirlockKyselyModule implements OnModuleInit, OnApplicationShutdown {
  /** @internal */
  readonly [KEEPS_EVERY] = isKysely;
  private leave: (() => void) | undefined;

  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockKyselyOptions,
  ) {}

  static forRoot(options: AirlockKyselyOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockKyselyModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Kysely instance, or there is none at all */
  onModuleInit(): void {
    this.leave = keepFramesOfClass(requireKysely(this.instance()));
  }

  onApplicationShutdown(): void {
    this.leave?.();
  }

  private instance(): KyselyClient {
    const { token } = this.options;
    if (token !== undefined) return clientBehind(token, this.providers, AirlockKyselyModule.name, 'token');
    const found = [...objectsIn(this.modules).keys()].find(isKysely);
    if (found !== undefined) return found;
    throw new AirlockOptionsError(
      'token',
      'AirlockKyselyModule found no Kysely instance among the providers of the application, nor in a property of one. ' +
        'Provide one, name its `token`, or call `keepKyselyFrames(db)` where instances are made.',
    );
  }
}
