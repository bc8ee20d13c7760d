import { isProxy } from 'node:util/types';
import type { ModulesContainer } from '@nestjs/core';
import { tokenName } from '../../core/effect/effect-owner.js';
import { isSingleton, type Wrapper } from '../container/providers.js';
import { heldBy, proxiesHeldBy } from './object-names.js';

/**
 * The singletons of an application and what they hold in properties, each with its name: a token,
 * or the property behind it.
 * @internal
 */
export function objectsIn(modules: ModulesContainer): ReadonlyMap<object, string> {
  const names = new Map<object, string>();
  for (const [object, name] of singletonsIn(modules))
    // A proxy may refuse to be looked at.
    if (!isProxy(object) && !names.has(object)) names.set(object, name);
  for (const [object, name] of [...names]) {
    for (const [key, value] of heldBy(object))
      if (!names.has(value)) names.set(value, `${name}.${key}`);
  }
  return names;
}

/**
 * The proxies among the singletons of an application and in their properties, each with its name as
 * above.
 * @internal
 */
export function proxiesIn(modules: ModulesContainer): ReadonlyMap<object, string> {
  const names = new Map<object, string>();
  const add = (proxy: object, name: string): void => {
    if (!names.has(proxy)) names.set(proxy, name);
  };
  const singletons = [...singletonsIn(modules)];
  for (const [object, name] of singletons) if (isProxy(object)) add(object, name);
  for (const [object, name] of singletons)
    for (const [key, proxy] of proxiesHeldBy(object)) add(proxy, `${name}.${key}`);
  return names;
}

function* singletonsIn(
  modules: ModulesContainer,
): Generator<readonly [object: object, name: string]> {
  for (const { providers, controllers } of modules.values()) {
    for (const wrapper of [...providers.values(), ...controllers.values()] as Wrapper[]) {
      const instance: unknown = isSingleton(wrapper) ? wrapper.instance : undefined;
      const isObject =
        (typeof instance === 'object' && instance !== null) || typeof instance === 'function';
      if (isObject) yield [instance, tokenName(wrapper.token)];
    }
  }
}
