import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { methodName } from '../../core/effect/bound-effect.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { isMock } from '../methods/mocks.js';
import { isSingleton } from './providers.js';
import type { InterceptedProvider } from '../options/intercepted-provider.js';

/** An instance, and those of its methods that an option names. @internal */
export interface NamedMethods {
  readonly instance: object;
  readonly methods: readonly string[];
}

/**
 * The instances that an option names by their token and methods: one per module that provides it.
 *
 * @throws AirlockOptionsError naming the token or the method that is not there, or is no
 *   singleton's
 * @internal
 */
export function singletonsOf(
  modules: ModulesContainer,
  { token, methods, optional = false }: InterceptedProvider,
  option: string,
): readonly NamedMethods[] {
  const refused = (why: string): AirlockOptionsError =>
    new AirlockOptionsError(
      option,
      `\`${option}\` names the provider \`${nameOf(token)}\`, ${why}`,
    );
  const found: NamedMethods[] = [];
  for (const module of modules.values()) {
    const wrapper = module.providers.get(token);
    if (wrapper === undefined) continue;
    if (!isSingleton(wrapper))
      throw refused(
        'which is request-scoped or transient. Only methods of singletons can be named there.',
      );
    const instance: unknown = wrapper.instance;
    if ((typeof instance !== 'object' && typeof instance !== 'function') || instance === null)
      throw refused('which is not an object, so it has no methods.');
    const isMethod = (key: string): boolean =>
      typeof (instance as Record<string, unknown>)[key] === 'function';
    const missing = methods.find((key) => !isMethod(key));
    // A mock has only those methods that its test needs.
    if (missing !== undefined && !isMock(instance))
      throw refused(`but \`${methodName(instance, missing)}\` is not a method. Fix \`methods\`.`);
    found.push({ instance, methods: methods.filter(isMethod) });
  }
  if (found.length === 0 && !optional)
    throw refused(
      'but no module provides it. Fix the token, import the module that does, or say `optional: true` where some applications have none.',
    );
  return found;
}

function nameOf(token: InjectionToken): string {
  return typeof token === 'function' ? token.name : String(token);
}
