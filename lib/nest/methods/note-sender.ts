import { sendFromHere } from '../../core/scope/message.js';
import { disguised, type Method } from './wrap-method.js';

const noted = new WeakSet<Method>();

/**
 * Makes a method of an instance send from where it is called, for whatever applications share the
 * instance. What an application puts in the place of the method comes around it.
 *
 * @internal
 */
export function noteSender(instance: object, key: string): void {
  const original = (instance as Record<string, Method>)[key]!;
  if (noted.has(original)) return;
  const value = disguised(function (this: unknown, ...args: never[]): unknown {
    return sendFromHere(args, () => original.apply(this, args));
  }, original);
  noted.add(value);
  Reflect.defineProperty(instance, key, { value, writable: true, configurable: true });
}
