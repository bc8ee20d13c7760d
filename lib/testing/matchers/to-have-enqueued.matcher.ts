import type { EffectRef } from '../../core/effect/effect-ref.js';
import { knownEffects } from './known-effects.js';
import { ExpectedCall } from './expected-call.js';
import { listOfEffects } from '../kit/texts/listing.js';
import { comparisonOf } from './comparison.js';
import { type MatcherContext, type MatcherResult, text } from './matcher-context.js';

/** @internal */
export function toHaveEnqueued(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  ...args: unknown[]
): MatcherResult {
  const known = knownEffects(received);
  const call = ExpectedCall.of(comparisonOf(this), effect, args);
  const { effects } = known;
  const pass = effects.some(call.isMetBy);
  return {
    pass,
    message: () => {
      const name = call.textIn(effects);
      const list = listOfEffects(known, call.isMetBy);
      if (pass) return text(`Expected ${name} not to be enqueued, but it was.`, list);
      const but = effects.some(call.isOfEffect)
        ? 'but only with other arguments'
        : 'but it was not';
      return text(`Expected ${name} to be enqueued, ${but}.`, list, call.nearestIn(effects));
    },
  };
}
