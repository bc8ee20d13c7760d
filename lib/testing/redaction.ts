import { inspect } from 'node:util';
import type { Intent } from '../core/intent.js';
import { type EffectRef, isCallOf } from './effect-ref.js';

/**
 * What of arguments is not to be shown: a property's name, wherever it stands (`'password'`), or a path (`'args[0].card.number'`);
 * with `effect`, of that effect alone.
 *
 * @publicApi
 */
export type Redaction = string | { readonly effect: EffectRef; readonly path: string };

/** Stands for a value that is not shown. */
class Mark {
  constructor(private readonly text: string) {}

  [inspect.custom](): string {
    return this.text;
  }
}

const REDACTED = new Mark('[redacted]');
const CIRCULAR = new Mark('[Circular]');

/** A copy of an intent's arguments with what is redacted replaced. @internal */
export function redactedArguments(intent: Intent, redactions: readonly Redaction[]): readonly unknown[] {
  const paths = redactions.flatMap((one) => {
    if (typeof one === 'string') return [one];
    return isCallOf(intent, one.effect) ? [one.path] : [];
  });
  if (paths.length === 0) return intent.args;
  return copy(intent.args, 'args', '', new Set(paths), []) as readonly unknown[];
}

function copy(
  value: unknown,
  path: string,
  key: string,
  paths: ReadonlySet<string>,
  above: readonly object[],
): unknown {
  if (paths.has(path) || paths.has(key)) return REDACTED;
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) return CIRCULAR;
  const within = [...above, value];
  if (Array.isArray(value)) return value.map((item, i) => copy(item, `${path}[${i}]`, '', paths, within));
  const entries = Object.entries(value);
  // Dates and the like keep what they are elsewhere than in properties.
  if (entries.length === 0 || ArrayBuffer.isView(value)) return value;
  const result = Object.create(Object.getPrototypeOf(value) as object | null) as object;
  for (const [name, item] of entries) {
    const value = copy(item, `${path}.${name}`, name, paths, within);
    Object.defineProperty(result, name, { value, enumerable: true });
  }
  return result;
}
