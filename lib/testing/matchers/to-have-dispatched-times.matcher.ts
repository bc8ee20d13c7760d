import type { EffectRef } from '../../core/effect/effect-ref.js';
import { decidedEffects } from './known-effects.js';
import type { MatcherContext, MatcherResult } from './matcher-context.js';
import { timesOf } from './times.js';

/** @internal */
export function toHaveDispatchedTimes(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  times: number,
): MatcherResult {
  const known = decidedEffects(received, 'toHaveDispatchedTimes');
  return timesOf(this, known, effect, times, { verb: 'dispatched', among: known.dispatched });
}
