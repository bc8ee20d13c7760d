import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { methodName } from '../../core/effect/bound-effect.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { isSingleton } from './providers.js';
import type { InterceptedProvider } from '../options/intercepted-provider.js';

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
): readonly object[] {
  const refused = (why: string): AirlockOptionsError =>
    new AirlockOptionsError(
      option,
      `\`${option}\` names the provider \`${nameOf(token)}\`, ${why}`,
    );
  const instances: object[] = [];
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
    for (const key of methods) {
      if (typeof (instance as Record<string, unknown>)[key] !== 'function')
        throw refused(`but \`${methodName(instance, key)}\` is not a method. Fix \`methods\`.`);
    }
    instances.push(instance);
  }
  if (instances.length === 0 && !optional)
    throw refused(
      'but no module provides it. Fix the token, import the module that does, or say `optional: true` where some applications have none.',
    );
  return instances;
}

function nameOf(token: InjectionToken): string {
  return typeof token === 'function' ? token.name : String(token);
}
