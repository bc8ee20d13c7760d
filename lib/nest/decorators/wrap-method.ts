import 'reflect-metadata';

/**
 * Replaces a decorated method by one that looks the same to everybody else: its name, length, metadata and other
 * properties are kept, so that decorators may stand in any order.
 *
 * @internal
 */
export function wrapMethod<T extends (...args: never[]) => unknown>(
  descriptor: TypedPropertyDescriptor<T>,
  replace: (original: T) => (this: unknown, ...args: never[]) => unknown,
): void {
  const original = descriptor.value!;
  const wrapper = replace(original);
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype') continue;
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key)!);
  }
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
  descriptor.value = wrapper as T;
}
