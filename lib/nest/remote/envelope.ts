import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { named, quoted } from '../../errors/quoted.js';
import { carriedWith, type Intent } from '../../core/model/intent.js';

/** An intent on its way to another process: plain JSON data. @publicApi */
export interface EffectEnvelope {
  /** Version of this shape. */
  readonly v: 1;
  /**
   * The intent's id, stable from the call to the worker: what handlers make themselves idempotent
   * with.
   */
  readonly id: string;
  /** Name of a `@SideEffect()` method. */
  readonly effect: string;
  readonly args: readonly unknown[];
  readonly origin?: string;
  /** Time at which it was handed to the engine, ISO 8601. */
  readonly at: string;
  /** Values that carriers have captured at the call, by their names. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** @internal */
export function envelopeOf(
  intent: Intent,
  effect: string,
  args: readonly unknown[],
): EffectEnvelope {
  const carried = carriedWith(intent);
  return {
    v: 1,
    id: intent.id,
    effect,
    args,
    ...(intent.origin !== undefined && { origin: intent.origin }),
    at: new Date().toISOString(),
    ...(carried && { context: carried }),
  };
}

/** Name of the effect that data is about, cut for messages, whatever the data is. @internal */
export function effectNamedIn(data: unknown): string {
  const { effect } = Object(data) as { readonly effect?: unknown };
  return typeof effect === 'string' ? named(effect) : '(unreadable)';
}

/** Limit in letters: ids of this package have some fifty. */
const LONGEST_ID = 1_000;

/**
 * Checks what a worker was handed.
 *
 * @throws UnknownEffectError saying what is wrong with it
 * @internal
 */
export function readEnvelope(data: unknown): EffectEnvelope {
  if (typeof data !== 'object' || data === null)
    throw UnknownEffectError.malformed('it is not an object');
  const { v, id, effect, args, at, origin, context } = data as Partial<
    Record<keyof EffectEnvelope, unknown>
  >;
  if (v !== 1)
    throw UnknownEffectError.malformed(
      `its version is ${v === undefined ? 'missing' : quoted(v)}, and 1 is known`,
    );
  assertText('id', id);
  if (id.length > LONGEST_ID)
    throw UnknownEffectError.malformed(`its \`id\` has ${id.length} letters`);
  assertText('effect', effect);
  assertText('at', at);
  if (origin !== undefined) assertText('origin', origin);
  if (
    context !== undefined &&
    (typeof context !== 'object' || context === null || Array.isArray(context))
  )
    throw UnknownEffectError.malformed('its `context` is not an object');
  if (!Array.isArray(args)) throw UnknownEffectError.malformed('its `args` is not an array');
  return data as EffectEnvelope;
}

function assertText(key: string, value: unknown): asserts value is string {
  if (typeof value !== 'string')
    throw UnknownEffectError.malformed(`its \`${key}\` is not a string`);
}
