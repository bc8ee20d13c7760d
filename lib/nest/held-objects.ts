import { isProxy } from 'node:util/types';
import type { ModulesContainer } from '@nestjs/core';
import { tokenName } from '../core/effect-owner.js';
import { membersOf } from './members.js';
import { heldBy } from './object-names.js';

/** The singletons of an application and what they hold in properties, each with its name: a token, or the property behind it. @internal */
export function objectsIn(modules: ModulesContainer): ReadonlyMap<object, string> {
  const found = new Map<object, string>();
  const members = [...membersOf(modules)].filter(({ instance }) => instance !== undefined && !isProxy(instance));
  for (const { instance, wrapper } of members) {
    if (!found.has(instance!)) found.set(instance!, tokenName(wrapper.token));
  }
  for (const { instance, wrapper } of members) {
    for (const [key, value] of heldBy(instance!)) {
      if (!found.has(value)) found.set(value, `${tokenName(wrapper.token)}.${key}`);
    }
  }
  return found;
}
