import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/**
 * Refuses a module that an application has several of, where only one of them would be heard.
 *
 * @param provider that each of them has
 * @param hint what the one import does for all
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
