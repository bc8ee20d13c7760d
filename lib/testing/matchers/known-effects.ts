import type { Intent } from '../../core/model/intent.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { isApplication, type TestedApplication } from '../kit/application-of.js';
import { recorderOf } from '../kit/recorder-of.js';
import { type EffectRecord, isEffectRecord } from '../kit/recording/effect-record.js';

/**
 * Source of effects that the matchers take: a result of `captureEffects`, an application with
 * `AirlockTestingModule`, its recorder, or an `EffectBuffer`, an `EffectScope` or a view of one,
 * which know what they hold and not what becomes of it.
 *
 * @publicApi
 */
export type EffectSource =
  | EffectRecord
  | TestedApplication
  | { readonly intents: readonly Intent[] };

/** @internal */
export interface KnownEffects extends EffectRecord {
  readonly refused: readonly Intent[];
  /**
   * Error of the block whose effects these are; undefined where it threw none, or where there is no
   * block.
   */
  readonly error: unknown;
  /** False for a buffer, which only knows its calls. */
  readonly knowsEndings: boolean;
}

/** @throws AirlockOptionsError for what knows nothing of effects @internal */
export function knownEffects(source: unknown): KnownEffects {
  if (isEffectRecord(source)) return fromRecord(source);
  if (isBuffer(source)) {
    return {
      effects: source.intents,
      dispatched: [],
      dropped: [],
      failed: [],
      refused: [],
      error: undefined,
      knowsEndings: false,
    };
  }
  if (isApplication(source)) return fromRecord(recorderOf(source));
  const hint =
    typeof (source as { then?: unknown } | undefined)?.then === 'function' ? 'Await it first.' : '';
  throw AirlockOptionsError.expected(
    'received',
    'a result of `captureEffects`, an application with `AirlockTestingModule`, an `EffectBuffer` or a scope',
    source,
    hint,
  );
}

/** @throws AirlockOptionsError for a buffer @internal */
export function decidedEffects(source: unknown, matcher: string): KnownEffects {
  const known = knownEffects(source);
  if (known.knowsEndings) return known;
  throw new AirlockOptionsError(
    'received',
    `A buffer knows what it holds and not what becomes of it, so \`${matcher}\` cannot tell. ` +
      'Hand it a result of `captureEffects`, or an application with `AirlockTestingModule`.',
  );
}

function fromRecord(
  record: EffectRecord & { readonly refused?: readonly Intent[]; readonly error?: unknown },
): KnownEffects {
  const { effects, dispatched, dropped, failed, refused = [], error } = record;
  return { effects, dispatched, dropped, failed, refused, error, knowsEndings: true };
}

function isBuffer(value: unknown): value is { readonly intents: readonly Intent[] } {
  return Array.isArray((value as { readonly intents?: unknown } | null | undefined)?.intents);
}
