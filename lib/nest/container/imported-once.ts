import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/**
 * Refuses a module that is imported several times, if only one import would have an effect.
 *
 * @param provider a class that the module provides
 * @param hint says how one import serves the whole application
 * @throws AirlockOptionsError
 * @internal
 */
export function assertImportedOnce(
  modules: ModulesContainer,
  name: string,
  provider: Type<object>,
  hint: string,
): void {
  let count = 0;
  for (const module of modules.values()) if (module.providers.has(provider)) count++;
  if (count <= 1) return;
  throw new AirlockOptionsError(
    name,
    `\`${name}.forRoot()\` is imported ${count} times in one application. Import it once, in the root module; ${hint}.`,
  );
}
