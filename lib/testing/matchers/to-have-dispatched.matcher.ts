import type { EffectRef } from '../../core/effect/effect-ref.js';
import { decidedEffects } from './known-effects.js';
import { ExpectedCall } from './expected-call.js';
import { endingsOf, listOfEffects, sentenceOf } from '../kit/texts/listing.js';
import { comparisonOf } from './comparison.js';
import { type MatcherContext, type MatcherResult, text } from './matcher-context.js';

/** @internal */
export function toHaveDispatched(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  ...args: unknown[]
): MatcherResult {
  const known = decidedEffects(received, 'toHaveDispatched');
  const call = ExpectedCall.of(comparisonOf(this), effect, args);
  const { effects, dispatched } = known;
  const pass = dispatched.some(call.isMetBy);
  return {
    pass,
    message: () => {
      const name = call.textIn(effects);
      const list = listOfEffects(known, call.isMetBy);
      if (pass) return text(`Expected ${name} not to be dispatched, but it was.`, list);
      const enqueued = effects.find(call.isMetBy);
      if (enqueued !== undefined) {
        return text(
          `Expected ${name} to be dispatched, but it ${sentenceOf(endingsOf(known)(enqueued))}.`,
          list,
        );
      }
      const but = effects.some(call.isOfEffect)
        ? 'but it was enqueued with other arguments'
        : 'but it was not enqueued';
      return text(`Expected ${name} to be dispatched, ${but}.`, list, call.nearestIn(effects));
    },
  };
}
