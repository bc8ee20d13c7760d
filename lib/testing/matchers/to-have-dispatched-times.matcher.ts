import type { EffectRef } from '../../core/effect/effect-ref.js';
import { fatesIn } from './evidence.js';
import type { MatcherContext, MatcherResult } from './matcher-context.js';
import { timesOf } from './times.js';

/** @internal */
export function toHaveDispatchedTimes(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  times: number,
): MatcherResult {
  const evidence = fatesIn(received, 'toHaveDispatchedTimes');
  return timesOf(this, evidence, effect, times, { verb: 'dispatched', among: evidence.dispatched });
}
