import { sendFromHere } from '../../core/scope/message.js';
import { belowSpy } from './below-spy.js';
import { liveMethod } from './live-method.js';
import { disguised, type Method } from './wrap-method.js';

/** Marks a method that notes its sender; what is put around it gets all of its properties. */
const NOTED = Symbol('airlock:sender');

/**
 * Makes a method of an instance note the context in which it is called, as that of a sender: once
 * for all applications that share the instance. Replacements by applications come around it.
 *
 * @internal
 */
export function noteSender(instance: object, key: string): void {
  const found = (instance as Record<string, Method>)[key]!;
  if (Object.hasOwn(found, NOTED)) return;
  const below = belowSpy(instance, key);
  if (below !== undefined) noteSender(below, key);
  const original = liveMethod(instance, key, found);
  const value = disguised(function (this: unknown, ...args: never[]): unknown {
    return sendFromHere(args, () => original.apply(this, args));
  }, original);
  Object.defineProperty(value, NOTED, { value: true });
  Reflect.defineProperty(instance, key, { value, writable: true, configurable: true });
}
