import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { masked } from '../errors/masked.js';

/**
 * Finds the provider of a token, in whatever module.
 *
 * @param asker the module that was given the token
 * @param option under which it was given
 * @throws AirlockOptionsError if there is none, or it is request-scoped
 * @internal
 */
export function clientBehind<T>(
  token: InjectionToken,
  modules: ModuleRef,
  asker: string,
  option: string,
): T {
  try {
    return modules.get<T>(token, { strict: false });
  } catch (cause) {
    const tokenText = typeof token === 'function' ? token.name : String(token);
    const name = masked(tokenText);
    throw new AirlockOptionsError(
      option,
      `${asker} found no provider \`${name}\` in the application that is a singleton. ` +
        `Give \`${option}\` the token under which the client is provided.`,
      // The error of Nest would show the secret that is masked here, as in a URL.
      name === tokenText ? { cause } : {},
    );
  }
}
