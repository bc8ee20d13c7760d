import { inspect, types } from 'node:util';
import { Intent } from '../../../core/model/intent.js';
import { expectThat, isRecord } from '../../../nest/options/option-checks.js';
import { assertEffectRef, type EffectRef, isCallOf } from '../../../core/effect/effect-ref.js';

/**
 * Place of a value that is not shown: the name of a property anywhere in arguments or in the result
 * (`'password'`), or a path in arguments (`'args[0].card.number'`). With `effect`, only in
 * arguments of that effect. A key of a `Map`, or of `Headers` and the like, counts as a property's
 * name.
 *
 * @publicApi
 */
export type Redaction = string | { readonly effect: EffectRef; readonly path: string };

/** Check of the option: a mistake in it would show secrets. @internal */
export const redactions = expectThat(
  'an array of property names, paths, or `{ effect, path }`',
  (value) => Array.isArray(value) && value.every(isRedaction),
);

function isRedaction(value: unknown): value is Redaction {
  if (typeof value === 'string') return value !== '';
  if (!isRecord(value)) return false;
  const { effect, path } = value as Partial<Exclude<Redaction, string>>;
  assertEffectRef(effect);
  return typeof path === 'string' && path !== '';
}

/** Placeholder of a value that is not shown. @internal */
export class Mark {
  constructor(readonly text: string) {}

  [inspect.custom](): string {
    return this.text;
  }
}

const REDACTED = new Mark('[redacted]');
const CIRCULAR = new Mark('[Circular]');

/** Copies an intent's arguments if something in them is redacted. @internal */
export function redactedArguments(
  intent: Intent,
  redactions: readonly Redaction[],
): readonly unknown[] {
  const paths = redactions.flatMap((redaction) => {
    if (typeof redaction === 'string') return [redaction];
    return isCallOf(intent, redaction.effect) ? [redaction.path] : [];
  });
  return redacted(intent.args, 'args', paths) as readonly unknown[];
}

/** Redacts the result of a block, by names alone. @internal */
export function redactedResult(result: unknown, redactions: readonly Redaction[]): unknown {
  const names = redactions.filter((one) => typeof one === 'string');
  return redacted(result, 'result', names);
}

function redacted(value: unknown, path: string, paths: readonly string[]): unknown {
  return paths.length === 0 ? value : copy(value, path, '', new Set(paths), []);
}

/**
 * Copies a value without its redacted parts. Returns the value itself if nothing is redacted, so
 * that its class decides how it is printed.
 */
function copy(
  value: unknown,
  path: string,
  key: string,
  paths: ReadonlySet<string>,
  above: readonly object[],
): unknown {
  if (paths.has(path) || paths.has(key)) return REDACTED;
  // Intents are redacted when they are printed themselves.
  if (
    typeof value !== 'object' ||
    value === null ||
    ArrayBuffer.isView(value) ||
    value instanceof Intent
  )
    return value;
  if (above.includes(value)) return CIRCULAR;
  const parts = partsOf(value);
  const within = [...above, value];
  const copies = parts.map(([name, part]): Part => {
    if (typeof name === 'number') return [name, copy(part, `${path}[${name}]`, '', paths, within)];
    const key = typeof name === 'string' ? name : '';
    return [name, copy(part, `${path}.${key}`, key, paths, within)];
  });
  return copies.some(([, part], i) => part !== parts[i]![1]) ? madeOf(copies, value) : value;
}

type Part = readonly [name: unknown, value: unknown];

/** Lists what is in an object, items of an array under their numbers. */
function partsOf(value: object): readonly Part[] {
  if (Array.isArray(value) || types.isSet(value)) return [...value].map((item, i) => [i, item]);
  if (isKeyed(value)) return [...value.entries()];
  const keys = Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  );
  const parts = keys.map((key): Part => [key, (value as Record<PropertyKey, unknown>)[key]]);
  return value instanceof Error && 'cause' in value ? [...parts, ['cause', value.cause]] : parts;
}

function madeOf(parts: readonly Part[], original: object): object {
  const items = (): unknown[] => parts.map(([, part]) => part);
  if (Array.isArray(original)) return items();
  if (types.isSet(original)) return new Set(items());
  if (isKeyed(original)) return new Map(parts);
  const result = emptyLike(original);
  for (const [name, value] of parts)
    Object.defineProperty(result, name as PropertyKey, { value, enumerable: true });
  // The class's own way of printing may need what only the original has, and would show redacted
  // values.
  if (inspect.custom in result) Object.defineProperty(result, inspect.custom, { value: undefined });
  return result;
}

/** Makes an object of the same class; of an error also with its message, and without stack. */
function emptyLike(original: object): object {
  const prototype = Object.getPrototypeOf(original) as object | null;
  if (!(original instanceof Error)) return Object.create(prototype) as object;
  const { name, message } = original;
  const error = new Error(message);
  Object.defineProperty(error, 'stack', { value: `${name}: ${message}` });
  return Object.setPrototypeOf(error, prototype) as object;
}

/** True for a `Map`, `Headers`, `URLSearchParams` or `FormData`. */
function isKeyed(value: object): value is Map<unknown, unknown> {
  const { get, entries } = value as Partial<Map<unknown, unknown>>;
  return Symbol.iterator in value && typeof get === 'function' && typeof entries === 'function';
}
