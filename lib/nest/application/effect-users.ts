import type { ForwardReference } from '@nestjs/common';
import 'reflect-metadata';
import { AirlockService } from '../services/airlock.service.js';
import { sideEffectOn } from '../decorators/side-effect.decorator.js';
import { EffectBuffer } from '../services/effect-buffer.js';
import type { Member } from '../container/providers.js';

const SERVICES: readonly unknown[] = [EffectBuffer, AirlockService];

/**
 * True if a provider or controller has effects, or is injected a service that calls them. Calls of
 * the free functions are not seen.
 *
 * @internal
 */
export function mayCallEffects({ type, marked, wrapper }: Member): boolean {
  const prototype = type.prototype as Record<string, object>;
  return (
    dependenciesOf(type, wrapper.inject).some((dependency) =>
      SERVICES.includes(tokenOf(dependency)),
    ) || [...marked.keys()].some((key) => sideEffectOn(prototype[key]!) !== undefined)
  );
}

function dependenciesOf(
  type: object,
  inject: readonly unknown[] | null | undefined,
): readonly unknown[] {
  const list = (key: string): readonly unknown[] =>
    (Reflect.getMetadata(key, type) as readonly unknown[] | undefined) ?? [];
  return [
    ...list('design:paramtypes'),
    ...list('self:paramtypes').map((entry) => (entry as { readonly param: unknown }).param),
    ...list('self:properties_metadata').map((entry) => (entry as { readonly type: unknown }).type),
    ...(inject ?? []),
  ];
}

/**
 * Unwraps the token of a dependency that is optional or resolved later. A class may have statics of
 * the wrapper's names.
 */
function tokenOf(dependency: unknown): unknown {
  if (typeof dependency !== 'object' || dependency === null) return dependency;
  if ('forwardRef' in dependency)
    return (dependency as ForwardReference<() => unknown>).forwardRef();
  return 'token' in dependency ? tokenOf(dependency.token) : dependency;
}
