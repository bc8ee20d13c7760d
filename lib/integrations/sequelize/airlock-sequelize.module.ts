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
import { classOf, isSequelize, keepFramesOfClass } from './keep-sequelize-frames.js';
import type { SequelizeClient } from './sequelize.client.js';

/** What `AirlockSequelizeModule.forRoot` takes. @publicApi */
export interface AirlockSequelizeOptions {
  /** A provider that is a Sequelize instance, in whatever module. @default the first one among the providers and in their properties */
  readonly token?: InjectionToken;
}

const OPTIONS = Symbol('AIRLOCK_KYSELY_OPTIONS');

/**
 * `keepSequelizeFrames` for the instances of an application, those included that are made later. Imported once, anywhere.
 *
 * @example
 * imports: [AirlockModule.forRoot(), AirlockSequelizeModule.forRoot()]
 * @publicApi
 */
@Module({})
export class AirlockSequelizeModule implements OnModuleInit, OnApplicationShutdown {
  /** @internal */
  readonly [KEEPS_EVERY] = isSequelize;
  private leave: (() => void) | undefined;

  /** @internal Built by Nest. */
  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) private readonly options: AirlockSequelizeOptions,
  ) {}

  static forRoot(options: AirlockSequelizeOptions = {}): DynamicModule {
    // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use a transaction.
    return { module: AirlockSequelizeModule, global: true, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /** @throws AirlockOptionsError if the token leads to no Sequelize instance, or there is none at all */
  onModuleInit(): void {
    this.leave = keepFramesOfClass(classOf(this.instance()));
  }

  onApplicationShutdown(): void {
    this.leave?.();
  }

  private instance(): SequelizeClient {
    const { token } = this.options;
    if (token !== undefined) return clientBehind(token, this.providers, AirlockSequelizeModule.name, 'token');
    const found = [...objectsIn(this.modules).keys()].find(isSequelize);
    if (found !== undefined) return found;
    throw new AirlockOptionsError(
      'token',
      'AirlockSequelizeModule found no Sequelize instance among the providers of the application, nor in a property of one. ' +
        'Provide one, name its `token`, or call `keepSequelizeFrames(sequelize)` where instances are made.',
    );
  }
}
