import { EffectSerializationError } from '../errors/effect-serialization.error.js';

/**
 * A copy of arguments that leave the process: plain JSON data only. Object properties that are `undefined` and trailing
 * `undefined` arguments are left out, as JSON leaves them out.
 *
 * @throws EffectSerializationError with the path of the first value that JSON cannot carry
 * @internal
 */
export function copyArguments(effect: string, args: readonly unknown[]): unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  return args.slice(0, length).map((arg, i) => copy(effect, arg, `args[${i}]`, []));
}

function copy(effect: string, value: unknown, path: string, above: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new EffectSerializationError(effect, path, String(value));
    case 'object':
      return value === null ? null : copyObject(effect, value, path, above);
    default:
      throw new EffectSerializationError(effect, path, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function copyObject(effect: string, value: object, path: string, above: readonly object[]): unknown {
  if (above.includes(value)) throw new EffectSerializationError(effect, path, 'a circular reference');
  const here = [...above, value];
  if (Array.isArray(value)) return Array.from(value, (item, i) => copy(effect, item, `${path}[${i}]`, here));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) {
    throw new EffectSerializationError(effect, path, `an instance of ${value.constructor?.name || 'a class'}`);
  }
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    // Defined, not assigned: `__proto__` is data here.
    Object.defineProperty(result, key, {
      value: copy(effect, item, propertyPath(path, key), here),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}

function propertyPath(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
