import { EffectSerializationError } from '../../errors/effect-serialization.error.js';

/** The place of a value in the arguments: under `key` of the object above it. */
interface Place {
  readonly above: Place | undefined;
  readonly key: string | number;
}

/**
 * Limit of the size of a copy. It is checked while the copy is made, since the data may be much too
 * large.
 * @internal
 */
interface SizeLimit {
  readonly bytes: number;
  tooMuch(): Error;
}

/** State of the copying of one call's arguments. */
interface Copying {
  readonly effect: string;
  /** The objects around the value: one that is found inside itself is circular. */
  readonly open: Set<object>;
  readonly limit: SizeLimit | undefined;
  /** Bytes of JSON so far, at least. */
  bytes: number;
}

/**
 * A copy of arguments that leave the process: plain JSON data only. Object properties that are
 * `undefined` and trailing `undefined` arguments are left out, as JSON leaves them out.
 *
 * @throws EffectSerializationError with the path of the first value that JSON cannot carry; the
 *   error of `limit` for too much data
 * @internal
 */
export function copyArguments(
  effect: string,
  args: readonly unknown[],
  limit?: SizeLimit,
): unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  const copying: Copying = { effect, open: new Set(), limit, bytes: 0 };
  return args.slice(0, length).map((arg, i) => {
    try {
      return copy(copying, arg, i, undefined);
    } catch (error) {
      if (error instanceof RangeError)
        throw refused(effect, i, undefined, 'data nested too deeply');
      throw error;
    }
  });
}

function copy(
  copying: Copying,
  value: unknown,
  key: string | number,
  above: Place | undefined,
): unknown {
  if (typeof value === 'object' && value !== null) {
    const { effect, open } = copying;
    if (open.has(value)) throw refused(effect, key, above, 'a circular reference');
    weigh(copying, key);
    open.add(value);
    // One frame of the stack for each level, since data may be nested deeply.
    const here: Place = { above, key };
    let result: unknown[] | Record<string, unknown>;
    if (Array.isArray(value)) {
      result = [];
      for (let i = 0; i < value.length; i++) result.push(copy(copying, value[i], i, here));
    } else {
      assertNoInstance(effect, value, here);
      result = {};
      for (const [name, item] of Object.entries(value))
        if (item !== undefined) set(result, name, copy(copying, item, name, here));
    }
    open.delete(value);
    return result;
  }
  weigh(copying, key, value);
  return assertJson(copying.effect, value, key, above);
}

/** Adds what a value takes at least: a byte of JSON for itself, and one for each letter. */
function weigh(copying: Copying, key: string | number, value?: unknown): void {
  const { limit } = copying;
  copying.bytes +=
    1 + (typeof value === 'string' ? value.length : 0) + (typeof key === 'string' ? key.length : 0);
  if (limit !== undefined && copying.bytes > limit.bytes) throw limit.tooMuch();
}

function assertJson(
  effect: string,
  value: unknown,
  key: string | number,
  above: Place | undefined,
): unknown {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    Number.isFinite(value)
  )
    return value;
  const kind =
    value === undefined || typeof value === 'number' ? String(value) : `a ${typeof value}`;
  throw refused(effect, key, above, kind);
}

function assertNoInstance(effect: string, value: object, { key, above }: Place): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (
    prototype === null ||
    prototype === Object.prototype ||
    Object.getPrototypeOf(prototype) === null
  )
    return;
  throw refused(effect, key, above, `an instance of ${value.constructor?.name || 'a class'}`);
}

function set(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  // An assignment would set the prototype.
  else
    Object.defineProperty(target, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
}

function refused(
  effect: string,
  key: string | number,
  above: Place | undefined,
  kind: string,
): EffectSerializationError {
  return new EffectSerializationError(effect, pathOf(key, above), kind);
}

function pathOf(key: string | number, above: Place | undefined): string {
  if (above === undefined) return `args[${key}]`;
  const path = pathOf(above.key, above.above);
  if (typeof key === 'number') return `${path}[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
