import type { EffectRef } from '../../core/effect/effect-ref.js';
import { fatesIn } from './evidence.js';
import { ExpectedCall } from './expected-call.js';
import { fatesOf, listOfEffects, sentenceOf } from '../kit/texts/listing.js';
import { equalsIn, type MatcherContext, type MatcherResult, text } from './matcher-context.js';

/** @internal */
export function toHaveDispatched(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  ...args: unknown[]
): MatcherResult {
  const evidence = fatesIn(received, 'toHaveDispatched');
  const call = ExpectedCall.of(equalsIn(this), effect, args);
  const { effects, dispatched } = evidence;
  const pass = dispatched.some(call.isMetBy);
  return {
    pass,
    message: () => {
      const name = call.textIn(effects);
      const list = listOfEffects(evidence, call.isMetBy);
      if (pass) return text(`Expected ${name} not to be dispatched, but it was.`, list);
      const enqueued = effects.find(call.isMetBy);
      if (enqueued !== undefined) {
        return text(`Expected ${name} to be dispatched, but it ${sentenceOf(fatesOf(evidence)(enqueued))}.`, list);
      }
      const but = effects.some(call.isOfEffect)
        ? 'but it was enqueued with other arguments'
        : 'but it was not enqueued';
      return text(`Expected ${name} to be dispatched, ${but}.`, list, call.nearestIn(effects));
    },
  };
}
