import { isMethod } from './is-method.js';
import { disguised, type Method } from './wrap-method.js';

/**
 * A method as a call on the instance would find it at any time, for a wrapper that hides it there:
 * one that comes from the class is looked up at each call, since a test or a tracer may replace it
 * in a running application.
 *
 * @param found the method as it is now
 * @internal
 */
export function liveMethod(instance: object, key: string, found: Method): Method {
  const classOf = (): object | null => Object.getPrototypeOf(instance) as object | null;
  if (Object.hasOwn(instance, key) || !isMethod(classOf(), key)) return found;
  const live = disguised(function (this: unknown, ...args: never[]): unknown {
    return (classOf() as Record<string, Method>)[key]!.apply(this, args);
  }, found);
  // Tells an `async` method from others.
  return Object.setPrototypeOf(live, Object.getPrototypeOf(found) as object) as Method;
}
