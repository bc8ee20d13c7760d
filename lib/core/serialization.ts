import { EffectSerializationError } from '../errors/effect-serialization.error.js';

/** Where an object was found: under `key` of the one above. */
interface Place {
  readonly above: Place | undefined;
  readonly key: string | number;
}

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
  const open = new Set<object>();
  return args.slice(0, length).map((arg, i) => {
    try {
      return copy(effect, arg, i, undefined, open);
    } catch (error) {
      if (error instanceof RangeError) throw refused(effect, i, undefined, 'data nested too deeply');
      throw error;
    }
  });
}

/** @param open the objects that the value is in: what is found in itself has no end */
function copy(
  effect: string,
  value: unknown,
  key: string | number,
  above: Place | undefined,
  open: Set<object>,
): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw refused(effect, key, above, String(value));
    case 'object':
      return value === null ? null : copyObject(effect, value, key, above, open);
    default:
      throw refused(effect, key, above, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function copyObject(
  effect: string,
  value: object,
  key: string | number,
  above: Place | undefined,
  open: Set<object>,
): unknown {
  if (open.has(value)) throw refused(effect, key, above, 'a circular reference');
  open.add(value);
  const here: Place = { above, key };
  const result = Array.isArray(value)
    ? Array.from(value, (item, i) => copy(effect, item, i, here, open))
    : copyProperties(effect, value, here, open);
  open.delete(value);
  return result;
}

function copyProperties(effect: string, value: object, here: Place, open: Set<object>): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) {
    throw refused(effect, here.key, here.above, `an instance of ${value.constructor?.name || 'a class'}`);
  }
  const result: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const copied = copy(effect, item, name, here, open);
    if (name !== '__proto__') result[name] = copied;
    // Assigned, it would be no data.
    else Object.defineProperty(result, name, { value: copied, enumerable: true, writable: true, configurable: true });
  }
  return result;
}

function refused(
  effect: string,
  key: string | number,
  above: Place | undefined,
  found: string,
): EffectSerializationError {
  return new EffectSerializationError(effect, pathOf(key, above), found);
}

function pathOf(key: string | number, above: Place | undefined): string {
  if (above === undefined) return `args[${key}]`;
  const path = pathOf(above.key, above.above);
  if (typeof key === 'number') return `${path}[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
