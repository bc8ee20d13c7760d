import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { construct } from '../core/references.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';

type Class<T> = new (...args: never[]) => T;

/**
 * Turns a policy or executor class into an instance: the provider of that class, whatever module has it, else built with
 * no arguments.
 *
 * @param areBuilt false while Nest still builds providers: until then it keeps bare objects of their classes
 * @throws AirlockOptionsError if it is not built yet, is request-scoped or transient, or unknown and its constructor takes arguments
 * @internal
 */
export function providerOf<T>(modules: ModulesContainer, type: Class<T>, areBuilt: boolean): T {
  for (const module of modules.values()) {
    const wrapper = module.providers.get(type as InjectionToken & Class<T>);
    if (wrapper === undefined) continue;
    if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) {
      if (areBuilt) return wrapper.instance as T;
      throw notBuilt(type.name);
    }
    throw new AirlockOptionsError(
      type.name,
      `Provider \`${type.name}\` is request-scoped or transient, but policies and executors outlive requests. Make it and what it depends on singletons.`,
    );
  }
  return construct(type);
}

function notBuilt(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    name,
    `Provider \`${name}\` is needed before Nest has built it: a scope was opened or an effect called while the application starts. ` +
      'Do that in `onModuleInit` or later, not in a constructor or a provider factory.',
  );
}
