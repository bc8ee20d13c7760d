import {
  type ConfigurableModuleCls,
  ConfigurableModuleBuilder,
  Inject,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { requirePeer } from '../installation/required-peer.js';
import { assertImportedOnce } from '../nest/container/imported-once.js';

/**
 * The connection of an application to its engine: opened when it starts, closed when it ends.
 * @internal
 */
export interface EngineLink {
  open(): Promise<unknown>;
  close(): Promise<void>;
}

/** An engine that effects leave this process for, and what its module provides. @internal */
export interface RemoteEngine<Options, FactoryMethod extends string, Extras extends object> {
  /** The module, for messages. */
  readonly module: string;
  readonly peer: string;
  /** The versions of the peer that are known to work, as `>=5.57.0`. */
  readonly versions: string;
  /** The sub-path of this package. */
  readonly subPath: string;
  /** Why nobody needs the module twice. */
  readonly hint: string;
  /** The method of the classes that `forRootAsync({ useClass })` takes. */
  readonly factoryMethod: FactoryMethod;
  /** The options with their defaults; made before anything else. */
  readonly settings: Type<object> & (new (options: Options, extras: Partial<Extras>) => object);
  /**
   * Opened at the start, and closed after all other providers were told of the shutdown. Absent
   * where the executor opens its own.
   */
  readonly link?: Type<EngineLink>;
  readonly executor: Type<object>;
  readonly workers?: readonly Provider[];
  /** The options that shape the module itself, and so cannot come from other providers. */
  readonly extras?: Record<keyof Extras, undefined>;
  readonly shapedBy?: (
    extras: Partial<Extras>,
  ) => Pick<ModuleMetadata, 'controllers' | 'providers'>;
}

const OPTIONS = Symbol('AIRLOCK_REMOTE_OPTIONS');

/**
 * Makes the class that the module of an engine extends: `forRoot`, `forRootAsync`, and the life of
 * its connection.
 *
 * @internal
 */
export function remoteModule<Options, FactoryMethod extends string, Extras extends object = object>(
  engine: RemoteEngine<Options, FactoryMethod, Extras>,
): ConfigurableModuleCls<Options, 'forRoot', FactoryMethod, Extras> {
  const { executor, workers = [], link, shapedBy } = engine;
  const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<Options>({
    optionsInjectionToken: OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName(engine.factoryMethod)
    .setExtras<Extras>((engine.extras ?? {}) as unknown as Extras, (definition, extras) => {
      const { controllers = [], providers = [] } = shapedBy?.(extras) ?? {};
      const own = [
        settingsOf(engine, extras),
        ...(link === undefined ? [] : [link]),
        executor,
        ...workers,
      ];
      return {
        ...definition,
        controllers,
        providers: [...(definition.providers ?? []), ...providers, ...own],
        exports: [executor],
      };
    })
    .build();
  return link === undefined ? ConfigurableModuleClass : linked(ConfigurableModuleClass, link);
}

function settingsOf<Options, Extras extends object>(
  { module, peer, versions, subPath, hint, settings }: RemoteEngine<Options, string, Extras>,
  extras: Partial<Extras>,
): Provider {
  return {
    provide: settings,
    inject: [OPTIONS, ModulesContainer],
    useFactory: (options: Options, modules: ModulesContainer) => {
      requirePeer(peer, versions, subPath);
      assertImportedOnce(modules, module, settings, hint);
      return new settings(options, extras);
    },
  };
}

/**
 * Opens and closes the link by hooks of the module, which Nest calls after those of its providers:
 * workers end before what they work through.
 */
function linked<C extends new () => object>(Module: C, link: Type<EngineLink>): C {
  class LinkedModule
    extends (Module as new () => object)
    implements OnModuleInit, OnApplicationShutdown
  {
    constructor(@Inject(link) private readonly link: EngineLink) {
      super();
    }

    async onModuleInit(): Promise<void> {
      try {
        await this.link.open();
      } catch (error) {
        // Nest does not, where an application fails to start. Why it does is the first error's.
        await this.link.close().catch(() => {});
        throw error;
      }
    }

    async onApplicationShutdown(): Promise<void> {
      await this.link.close();
    }
  }
  return LinkedModule as unknown as C;
}
