import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { addsChildJob } from './child-job.js';
import { boundEffect, effectMethodName, methodName } from '../effect/bound-effect.js';
import type { Effect } from '../model/enqueue-options.js';

type Returning = (...args: never[]) => unknown;

/**
 * The arguments of a function, for each of its overloads: TypeScript infers as many of the last
 * ones as a type names.
 */
type ArgumentsOf<M> = M extends {
  (...args: infer A): unknown;
  (...args: infer B): unknown;
  (...args: infer C): unknown;
  (...args: infer D): unknown;
}
  ? A | B | C | D
  : M extends {
        (...args: infer A): unknown;
        (...args: infer B): unknown;
        (...args: infer C): unknown;
      }
    ? A | B | C
    : M extends { (...args: infer A): unknown; (...args: infer B): unknown }
      ? A | B
      : M extends (...args: infer A) => unknown
        ? A
        : never;

/**
 * An object whose methods enqueue: same parameters, no result. Properties that are not methods are
 * left out. @publicApi
 */
export type Deferred<T extends object> = {
  readonly [K in keyof T as T[K] extends Returning ? K : never]: (
    ...args: ArgumentsOf<T[K]>
  ) => void;
};

/** @internal */
export function deferred<T extends object>(
  target: T,
  enqueue: (effect: Effect, args: never[]) => unknown,
): Deferred<T> {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    throw AirlockOptionsError.expected(
      'target',
      'an object whose methods are to be deferred',
      target,
    );
  }
  // The proxy's own target is empty: a frozen one would not let its methods be replaced.
  return new Proxy(Object.create(null) as Deferred<T>, {
    get(_, key) {
      const method: unknown = Reflect.get(target, key);
      // Never thenable, or `await` would enqueue. Nor does it enqueue to turn the proxy into a
      // string or JSON, as for a log line.
      if (typeof method !== 'function' || typeof key === 'symbol' || key === 'then')
        return undefined;
      if (key in Object.prototype || key === 'toJSON') return method.bind(target) as unknown;
      return (...args: never[]): void => {
        if (addsChildJob(key, args)) throw childJobRefused(target, key);
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

function childJobRefused(target: object, key: PropertyKey): AirlockOptionsError {
  const name = effectMethodName(target, key);
  return new AirlockOptionsError(
    'parent',
    `\`${name}\` cannot be deferred with a \`parent\`: the running job waits for its children before it goes on, and these would be added only when ` +
      'its scope has ended, so that its last step ran too early and twice. Call it directly.',
  );
}
