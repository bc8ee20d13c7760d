import type { Type } from '@nestjs/common';
import { ModuleRef, type ModulesContainer } from '@nestjs/core';
import { type Instantiate, onePerClass } from '../../core/references.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { isSingleton, type Member } from './providers.js';
import {
  anyProvider,
  type ModuleOfNest,
  type ProviderWrapper,
  visibleProvider,
} from './module-lookup.js';
import { moduleThatProvides } from './provided-by.js';

type Class<T> = new (...args: never[]) => T;

/**
 * Turns policy and executor classes into instances, as Nest does with guards: the provider that the
 * module of the decorated class sees, else any provider, else an instance that Nest builds in that
 * module.
 *
 * @internal
 */
export class ClassResolver {
  /** False while Nest still builds providers, and keeps bare objects in their place. */
  areBuilt = false;
  /** The module of options, and of code whose module is not known. */
  root: ModuleOfNest | undefined = undefined;
  private readonly moduleOf = new WeakMap<object, ModuleOfNest>();
  private readonly withoutArguments = onePerClass();

  constructor(private readonly modules: ModulesContainer) {}

  /** Notes the modules of providers and controllers; of one in several modules, the first. */
  noteModules(members: readonly Member[]): void {
    for (const { instance, type, wrapper } of members) {
      if (wrapper.isAlias || wrapper.host === undefined) continue;
      for (const holder of instance === undefined ? [type] : [instance, type])
        if (!this.moduleOf.has(holder)) this.moduleOf.set(holder, wrapper.host);
    }
  }

  /**
   * Has Nest build an instance if no module provides the class. Nest builds asynchronously, so this
   * has to be done at boot; Nest keeps the instance as it keeps guards, with lifecycle hooks.
   *
   * @throws AirlockOptionsError, or what Nest throws for a dependency that it cannot resolve
   */
  async prepare(type: Class<object>, on: object | undefined): Promise<void> {
    const module = this.moduleFor(on);
    if (
      module === undefined ||
      this.providerFor(type, module) !== undefined ||
      module.injectables.has(type)
    )
      return;
    const provider = moduleThatProvides(type);
    if (provider !== undefined)
      throw unprovided(type.name, `Import ${provider}, which provides it`);
    if (type.length > 0 && dependenciesOf(type) === 0) {
      throw unprovided(
        type.name,
        'Its constructor takes arguments, and nothing says which: add `@Injectable()`, provide it, or pass an instance',
      );
    }
    const builder = module.getProviderByKey(ModuleRef).instance as ModuleRef;
    const instance = await builder.create(type as Type);
    module.addInjectable({ provide: type, useValue: instance }, 'interceptor');
  }

  /**
   * @throws AirlockOptionsError for what is not built yet, is request-scoped or transient, or was
   *   first named at run time and has dependencies
   */
  readonly instanceOf: Instantiate = <T>(type: Class<T>, on: object | undefined): T => {
    const module = this.moduleFor(on);
    const provider = this.providerFor(type, module);
    if (provider !== undefined) return this.instanceBehind(provider, type.name);
    const built = module?.injectables.get(type);
    if (built !== undefined) return built.instance as T;
    if (dependenciesOf(type) > 0)
      throw unprovided(
        type.name,
        'Nest builds such classes at boot, and this one is first named later: add it to `providers`',
      );
    return this.withoutArguments(type, on);
  };

  private moduleFor(on: object | undefined): ModuleOfNest | undefined {
    if (on === undefined) return this.root;
    return this.moduleOf.get(on) ?? this.moduleOf.get(on.constructor) ?? this.root;
  }

  private providerFor(
    type: Class<unknown>,
    module: ModuleOfNest | undefined,
  ): ProviderWrapper | undefined {
    return (module && visibleProvider(module, type)) ?? anyProvider(this.modules, type);
  }

  private instanceBehind<T>(provider: ProviderWrapper, name: string): T {
    if (!isSingleton(provider)) {
      throw new AirlockOptionsError(
        name,
        `Provider \`${name}\` is request-scoped or transient, but policies and executors outlive requests. Make it and what it depends on singletons.`,
      );
    }
    if (this.areBuilt) return provider.instance as T;
    throw new AirlockOptionsError(
      name,
      `Provider \`${name}\` is needed before Nest has built it: a scope was opened or an effect called while the application starts. ` +
        'Do that in `onModuleInit` or later, not in a constructor or a provider factory.',
    );
  }
}

/** Counts the constructor and property dependencies that Nest knows of. */
function dependenciesOf(type: object): number {
  const count = (key: string): number =>
    (Reflect.getMetadata(key, type) as readonly unknown[] | undefined)?.length ?? 0;
  return count('design:paramtypes') + count('self:paramtypes') + count('self:properties_metadata');
}

function unprovided(name: string, remedy: string): AirlockOptionsError {
  return new AirlockOptionsError(
    name,
    `Class \`${name}\` cannot be built, and no module provides it. ${remedy}.`,
  );
}
