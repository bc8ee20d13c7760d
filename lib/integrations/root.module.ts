import {
  type ConfigurableModuleCls,
  ConfigurableModuleBuilder,
  Inject,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type OnModuleInit,
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

/** Description of a module that an application imports once, with options. */
interface RootModule<Options, FactoryMethod extends string, Extras extends object> {
  /** The module, for messages. */
  readonly module: string;
  /** Sentence for the error that says why one import is enough. */
  readonly hint: string;
  /** The method of the classes that `forRootAsync({ useClass })` takes. */
  readonly factoryMethod: FactoryMethod;
  /** The options with their defaults; made before anything else. */
  readonly settings: Type<object> & (new (options: Options, extras: Partial<Extras>) => object);
  /** A peer, the versions of it that are known to work, and the sub-path that needs it. */
  readonly peer?: Parameters<typeof requirePeer>;
  /**
   * A provider that is opened at the start, and closed after all other providers were told of the
   * shutdown.
   */
  readonly link?: Type<EngineLink>;
  /** The options that shape the module itself, and so cannot come from other providers. */
  readonly extras?: Record<keyof Extras, undefined>;
  readonly shapedBy?: (
    extras: Partial<Extras>,
  ) => Pick<ModuleMetadata, 'controllers' | 'providers'>;
}

const OPTIONS = Symbol('AIRLOCK_ROOT_MODULE_OPTIONS');

/**
 * Makes the base class of such a module, with `forRoot`, `forRootAsync`, its settings, and its
 * connection.
 *
 * @internal
 */
export function rootModule<Options, FactoryMethod extends string, Extras extends object = object>({
  module,
  hint,
  factoryMethod,
  settings,
  peer,
  link,
  extras: defaults,
  shapedBy,
}: RootModule<Options, FactoryMethod, Extras>): ConfigurableModuleCls<
  Options,
  'forRoot',
  FactoryMethod,
  Extras
> {
  const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<Options>({
    optionsInjectionToken: OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName(factoryMethod)
    .setExtras<Extras>((defaults ?? {}) as unknown as Extras, (definition, extras) => {
      const { controllers = [], providers = [] } = shapedBy?.(extras) ?? {};
      const useFactory = (options: Options, modules: ModulesContainer): object => {
        if (peer !== undefined) requirePeer(...peer);
        assertImportedOnce(modules, module, settings, hint);
        return new settings(options, extras);
      };
      const settingsProvider = {
        provide: settings,
        inject: [OPTIONS, ModulesContainer],
        useFactory,
      };
      return {
        ...definition,
        controllers,
        providers: [...(definition.providers ?? []), ...providers, settingsProvider],
      };
    })
    .build();
  return link === undefined ? ConfigurableModuleClass : linked(ConfigurableModuleClass, link);
}

/**
 * Opens and closes the link by hooks of the module. Nest calls these after those of its
 * providers, so workers end before their connection does.
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
        // Nest closes nothing if an application fails to start. The first error says why it failed.
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
