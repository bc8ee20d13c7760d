import type { EffectRef } from '../../core/effect/effect-ref.js';
import { evidenceOf } from './evidence.js';
import type { MatcherContext, MatcherResult } from './matcher-context.js';
import { timesOf } from './times.js';

/** @internal */
export function toHaveEnqueuedTimes(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  times: number,
): MatcherResult {
  const evidence = evidenceOf(received);
  return timesOf(this, evidence, effect, times, { verb: 'enqueued', among: evidence.effects });
}
