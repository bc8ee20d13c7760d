import { sendFromHere } from '../../core/scope/message.js';
import { disguised, type Method } from './wrap-method.js';

/** Marks a method that does, and passes to what comes around it, as all of its properties. */
const NOTED = Symbol('airlock:sender');

/**
 * Makes a method of an instance send from where it is called, for whatever applications share the
 * instance. What an application puts in the place of the method comes around it.
 *
 * @internal
 */
export function noteSender(instance: object, key: string): void {
  const original = (instance as Record<string, Method>)[key]!;
  if (Object.hasOwn(original, NOTED)) return;
  const value = disguised(function (this: unknown, ...args: never[]): unknown {
    return sendFromHere(args, () => original.apply(this, args));
  }, original);
  Object.defineProperty(value, NOTED, { value: true });
  Reflect.defineProperty(instance, key, { value, writable: true, configurable: true });
}
