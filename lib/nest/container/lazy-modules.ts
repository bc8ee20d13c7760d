import { type LazyModuleLoader, ModuleRef, type ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../../core/runtime.js';
import { type ModuleOfNest, withImports } from './module-lookup.js';
import { replaceOwn } from '../methods/replace-method.js';

/**
 * Calls `explore` with each module that is loaded lazily, and with its imports, before the loader's
 * caller gets it.
 *
 * @param explore if it rejects, the load rejects
 * @internal
 */
export function watchLazyModules(
  loader: LazyModuleLoader,
  modules: ModulesContainer,
  runtime: AirlockRuntime,
  explore: (loaded: Iterable<ModuleOfNest>) => Promise<void>,
): void {
  // A test may have put something else in its place.
  if (typeof loader.load !== 'function') return;
  replaceOwn(loader, 'load', runtime, (original) => {
    return async function (this: unknown, ...args) {
      const moduleRef = await original.apply(this, args);
      for (const module of modules.values())
        if (module.getProviderByKey(ModuleRef).instance === moduleRef)
          await explore(withImports(module));
      return moduleRef;
    };
  });
}
