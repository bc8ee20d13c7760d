import 'reflect-metadata';

/** @internal */
export type Method = (this: unknown, ...args: never[]) => unknown;

/**
 * Replaces a decorated method by one that looks the same to everybody else, so that decorators may
 * stand in any order.
 *
 * @internal
 */
export function wrapMethod<T extends (...args: never[]) => unknown>(
  descriptor: TypedPropertyDescriptor<T>,
  replace: (original: T) => (this: unknown, ...args: never[]) => unknown,
): void {
  const original = descriptor.value!;
  descriptor.value = disguised(replace(original), original) as T;
}

/**
 * Gives a wrapper the name, length, metadata and other properties of what it wraps, and its
 * prototype: libraries of aspects find their marks by that.
 *
 * @internal
 */
export function disguised<T extends object>(wrapper: T, original: object): T {
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original));
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype') continue;
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key)!);
  }
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
  return wrapper;
}
