import { isSpy } from './mocks.js';
import type { Method } from './wrap-method.js';

/**
 * Makes a place for a second wrapper between an instance and its class, where a test has put a spy on
 * the instance before the first wrapper came. Restoring the spy deletes the property of the
 * instance, and the first wrapper with it.
 *
 * @returns undefined where no such spy is
 * @internal
 */
export function belowSpy(instance: object, key: string): object | undefined {
  if (!Object.hasOwn(instance, key) || !isSpy((instance as Record<string, Method>)[key]!))
    return undefined;
  const type = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
  if (typeof type?.[key] !== 'function') return undefined;
  const below = Object.create(type) as object;
  return Reflect.setPrototypeOf(instance, below) ? below : undefined;
}
