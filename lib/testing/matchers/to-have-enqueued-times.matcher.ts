import type { EffectRef } from '../../core/effect/effect-ref.js';
import { knownEffects } from './known-effects.js';
import type { MatcherContext, MatcherResult } from './matcher-context.js';
import { timesOf } from './times.js';

/** @internal */
export function toHaveEnqueuedTimes(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  times: number,
): MatcherResult {
  const known = knownEffects(received);
  return timesOf(this, known, effect, times, { verb: 'enqueued', among: known.effects });
}
