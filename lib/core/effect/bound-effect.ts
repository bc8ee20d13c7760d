import type { Effect } from '../model/enqueue-options.js';
import { className, ownerName, ownerNames } from './effect-owner.js';

/** The object and the method that an effect was made of. @internal */
export interface MethodOf {
  readonly target: object;
  readonly key: PropertyKey;
  /**
   * The function at `key`, or one behind it: a decorated body, the method under `super` or a
   * wrapper.
   */
  readonly method: Effect;
}

const bound = new WeakMap<object, WeakMap<Effect, Effect>>();
const origins = new WeakMap<Effect, MethodOf>();

/**
 * `method` of `target` as an effect: one function per pair, so that calls of one method of one
 * object are the same effect, named `Class.method`, or by what tells the object apart from others
 * of its class: `Queue(stock).add`.
 *
 * @internal
 */
export function boundEffect(target: object, method: Effect, key: PropertyKey): Effect {
  let methods = bound.get(target);
  if (methods === undefined) bound.set(target, (methods = new WeakMap()));
  let effect = methods.get(method);
  if (effect === undefined) {
    effect = (...args: never[]) => method.apply(target, args);
    nameWhenAsked(effect, target, key);
    methods.set(method, effect);
    origins.set(effect, { target, key, method });
  }
  return effect;
}

/**
 * Makes the name when it is first read: most names never are, and names of a target may be noted
 * after the first call.
 */
function nameWhenAsked(effect: Effect, target: object, key: PropertyKey): void {
  Object.defineProperty(effect, 'name', {
    configurable: true,
    get: () => {
      const value = effectMethodName(target, key);
      Object.defineProperty(effect, 'name', { value });
      return value;
    },
  });
}

/**
 * The object, the key and the method an effect was made from; undefined for plain functions.
 * @internal
 */
export function methodOf(effect: Effect): MethodOf | undefined {
  return origins.get(effect);
}

/**
 * `MailService.sendReceipt` for a method of an instance or a static one, by its class.
 * @internal
 */
export function methodName(target: object, key: PropertyKey): string {
  return memberName(className(target), key);
}

/**
 * Names an effect: `methodName` with what tells this object apart from others of its class.
 * @internal
 */
export function effectMethodName(target: object, key: PropertyKey): string {
  return memberName(ownerName(target), key);
}

/**
 * All names that the effects of some methods go by: with the name of a base class or of a token in
 * front as well.
 * @internal
 */
export function methodNames(target: object, ...keys: readonly PropertyKey[]): readonly string[] {
  const owners = [...ownerNames(target)];
  if (owners.length === 0) return keys.map(String);
  return keys.flatMap((key) => owners.map((owner) => memberName(owner, key)));
}

function memberName(owner: string | undefined, key: PropertyKey): string {
  return owner === undefined ? String(key) : `${owner}.${String(key)}`;
}
