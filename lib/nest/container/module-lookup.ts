import type { InjectionToken, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/** Nest's own record of a module. @internal */
export type ModuleOfNest = ModulesContainer extends Map<string, infer M> ? M : never;
/** Nest's own record of a provider. @internal */
export type ProviderWrapper = ReturnType<ModuleOfNest['getProviderByKey']>;

/**
 * The provider that code in a module would be injected: the module's own, else one that the modules
 * it imports export.
 * @internal
 */
export function visibleProvider(
  module: ModuleOfNest,
  token: InjectionToken,
): ProviderWrapper | undefined {
  return ownProvider(module, token) ?? exportedProvider(module.imports, token, new Set([module]));
}

/** The first module that has a provider of its own for a token. @internal */
export function anyProvider(
  modules: ModulesContainer,
  token: InjectionToken,
): ProviderWrapper | undefined {
  for (const module of modules.values()) {
    const provider = ownProvider(module, token);
    if (provider !== undefined) return provider;
  }
  return undefined;
}

/**
 * The module that imports a module by its own metadata. The `imports` that Nest keeps do not say,
 * as a global module is added to all of them.
 *
 * @internal
 */
export async function importerOf(
  modules: ModulesContainer,
  type: Type,
): Promise<ModuleOfNest | undefined> {
  for (const module of modules.values()) {
    for (const entry of importsOf(module)) {
      const imported = await entry;
      if (imported === type || (imported as { module?: unknown } | undefined)?.module === type)
        return module;
    }
  }
  return undefined;
}

/** A module and all that it imports, directly or not, global modules included. @internal */
export function withImports(
  module: ModuleOfNest,
  seen = new Set<ModuleOfNest>(),
): ReadonlySet<ModuleOfNest> {
  if (seen.has(module)) return seen;
  seen.add(module);
  for (const imported of module.imports) withImports(imported, seen);
  return seen;
}

function ownProvider(module: ModuleOfNest, token: InjectionToken): ProviderWrapper | undefined {
  return module.providers.get(token) as ProviderWrapper | undefined;
}

function exportedProvider(
  modules: Iterable<ModuleOfNest>,
  token: InjectionToken,
  seen: Set<ModuleOfNest>,
): ProviderWrapper | undefined {
  for (const module of modules) {
    if (seen.has(module)) continue;
    seen.add(module);
    const own = module.exports.has(token) ? ownProvider(module, token) : undefined;
    const passedOn = (): ModuleOfNest[] =>
      [...module.imports].filter(({ metatype }) => module.exports.has(metatype));
    const provider = own ?? exportedProvider(passedOn(), token, seen);
    if (provider !== undefined) return provider;
  }
  return undefined;
}

/** Lists the entries of `@Module({ imports })`, and of `imports` of a dynamic module. */
function importsOf(module: ModuleOfNest): readonly unknown[] {
  const container = (module as unknown as { container?: Partial<DynamicMetadata> }).container;
  const written =
    (Reflect.getMetadata('imports', module.metatype) as readonly unknown[] | undefined) ?? [];
  const added = container?.getDynamicMetadataByToken?.(module.token, 'imports') ?? [];
  return [...written, ...added];
}

/** The part of Nest's container that knows dynamic modules. */
interface DynamicMetadata {
  getDynamicMetadataByToken(token: string, key: 'imports'): readonly unknown[];
}
