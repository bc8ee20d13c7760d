import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { addsChildJob } from './child-job.js';
import { className, ownerName, ownerNames } from './effect-owner.js';
import type { Effect } from './intent.js';

type Returning = (...args: never[]) => unknown;

/** The arguments of a function, of each of its overloads: TypeScript infers the last ones of as many as it is asked for. */
type ArgumentsOf<M> = M extends {
  (...args: infer A): unknown;
  (...args: infer B): unknown;
  (...args: infer C): unknown;
  (...args: infer D): unknown;
}
  ? A | B | C | D
  : M extends { (...args: infer A): unknown; (...args: infer B): unknown; (...args: infer C): unknown }
    ? A | B | C
    : M extends { (...args: infer A): unknown; (...args: infer B): unknown }
      ? A | B
      : M extends (...args: infer A) => unknown
        ? A
        : never;

/** An object whose methods enqueue: same parameters, no result. Properties that are not methods are left out. @publicApi */
export type Deferred<T extends object> = {
  readonly [K in keyof T as T[K] extends Returning ? K : never]: (...args: ArgumentsOf<T[K]>) => void;
};

/** What an effect is a method of. @internal */
export interface MethodOf {
  readonly target: object;
  readonly key: PropertyKey;
  /** What was at `key`, or is behind it: a decorator's body, what `super` calls, what a wrapper hides. */
  readonly method: Effect;
}

const bound = new WeakMap<object, WeakMap<Effect, Effect>>();
const origins = new WeakMap<Effect, MethodOf>();

/**
 * `method` of `target` as an effect: one function per pair, so that calls of one method of one object are the same
 * effect, named `Class.method`, or by what tells the object apart from others of its class: `Queue(stock).add`.
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

/** Made at the first look: most names are never read, and what a target is known as may be noted after the first call. */
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

/** The object, the key and the method an effect was made from; undefined for plain functions. @internal */
export function methodOf(effect: Effect): MethodOf | undefined {
  return origins.get(effect);
}

/** `MailService.sendReceipt` for a method of an instance or a static one, by its class. @internal */
export function methodName(target: object, key: PropertyKey): string {
  return memberName(className(target), key);
}

/** As `methodName`, with what tells this object apart from others of its class: the name of an effect. @internal */
export function effectMethodName(target: object, key: PropertyKey): string {
  return memberName(ownerName(target), key);
}

/** All names that a method's effect goes by: with the name of a base class or of a token in front as well. @internal */
export function methodNames(target: object, key: PropertyKey): readonly string[] {
  const owners = [...ownerNames(target)];
  return owners.length === 0 ? [String(key)] : owners.map((owner) => memberName(owner, key));
}

function memberName(owner: string | undefined, key: PropertyKey): string {
  return owner === undefined ? String(key) : `${owner}.${String(key)}`;
}

/** @internal */
export function deferred<T extends object>(target: T, enqueue: (effect: Effect, args: never[]) => void): Deferred<T> {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    throw AirlockOptionsError.expected('target', 'an object whose methods are to be deferred', target);
  }
  // The proxy's own target is empty: a frozen one would not let its methods be replaced.
  return new Proxy(Object.create(null) as Deferred<T>, {
    get(_, key) {
      const method: unknown = Reflect.get(target, key);
      // Never thenable, or `await` would enqueue; nor is a log line an effect that turns the proxy into a text or JSON.
      if (typeof method !== 'function' || typeof key === 'symbol' || key === 'then') return undefined;
      if (key in Object.prototype || key === 'toJSON') return method.bind(target) as unknown;
      return (...args: never[]): void => {
        if (addsChildJob(key, args)) throw tooLate(target, key);
        enqueue(boundEffect(target, method as Effect, key), args);
      };
    },
    set(_, key) {
      throw new AirlockOptionsError(
        String(key),
        `\`${methodName(target, key)}\` cannot be set on a deferred object; its methods can only be called.`,
      );
    },
  });
}

function tooLate(target: object, key: PropertyKey): AirlockOptionsError {
  const name = effectMethodName(target, key);
  return new AirlockOptionsError(
    'parent',
    `\`${name}\` cannot be deferred with a \`parent\`: the running job waits for its children before it goes on, and these would be added only when ` +
      'its scope has ended, so that its last step ran too early and twice. Call it directly.',
  );
}
