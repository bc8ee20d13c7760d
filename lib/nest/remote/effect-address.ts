import { methodName, type MethodOf, methodOf } from '../../core/effect/bound-effect.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import {
  isSideEffectBody,
  sideEffectBodyOn,
  sideEffectOn,
} from '../decorators/side-effect.decorator.js';

/**
 * The name by which a worker finds an effect; undefined for anything but a `@SideEffect()` method
 * of an object, and for one that is overridden.
 *
 * @throws AirlockOptionsError if a method on the class hides the `@SideEffect()`, so that no worker
 *   would find it
 * @internal
 */
export function addressOf(effect: (...args: never[]) => unknown): string | undefined {
  const origin = methodOf(effect);
  // Workers find methods of instances, under names.
  if (origin === undefined || typeof origin.target === 'function' || typeof origin.key === 'symbol')
    return undefined;
  const { target, key, method } = origin;
  const declared = methodsOf(origin);
  const current = declared.next().value;
  if (current === undefined) return undefined;
  const body = sideEffectBodyOn(method) ?? method;
  const options = sideEffectOn(current);
  // A worker runs the overriding method, which may itself have called this one by `super`.
  if (options !== undefined) {
    return sideEffectBodyOn(current) === body
      ? (options.name ?? methodName(target, key))
      : undefined;
  }
  if (
    isSideEffectBody(body) &&
    ![...declared].some((hidden) => sideEffectBodyOn(hidden) === body)
  ) {
    throw hiddenEffect(methodName(target, key));
  }
  return undefined;
}

/**
 * The methods under one key in the classes of an object, the overriding one first; without a spy on
 * the object itself.
 */
function* methodsOf({ target, key }: MethodOf): Generator<object, undefined> {
  for (let at = prototypeOf(target); at !== null; at = prototypeOf(at)) {
    const method: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
    if (typeof method === 'function') yield method;
  }
  return undefined;
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

function hiddenEffect(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    name,
    `Something replaces \`${name}\` on its class and hides that it is a \`@SideEffect()\`, so that no worker finds the effect: ` +
      'a decorator above it, or a spy. Put `@SideEffect()` above the decorator, or have it copy the metadata of the method; spy on the object.',
  );
}
