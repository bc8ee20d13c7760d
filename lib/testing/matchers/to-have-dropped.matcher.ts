import type { EffectRef } from '../../core/effect/effect-ref.js';
import { decidedEffects } from './known-effects.js';
import { ExpectedCall } from './expected-call.js';
import { assertExpectedDrop, expectedDropText, isSuchDrop } from './expected-drop.js';
import { endingsOf, listOfEffects, sentenceOf } from '../kit/texts/listing.js';
import { comparisonOf } from './comparison.js';
import { type MatcherContext, type MatcherResult, text } from './matcher-context.js';
import type { ExpectedDrop } from './matcher-types.js';

/** @internal */
export function toHaveDropped(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  drop: ExpectedDrop = {},
): MatcherResult {
  const known = decidedEffects(received, 'toHaveDropped');
  assertExpectedDrop(drop);
  const call = new ExpectedCall(comparisonOf(this), effect, drop.args);
  const { effects, dropped } = known;
  const met = new Set(
    dropped
      .filter((item) => call.isMetBy(item.intent) && isSuchDrop(item, drop))
      .map(({ intent }) => intent.id),
  );
  const pass = met.size > 0;
  return {
    pass,
    message: () => {
      const [name, such] = [call.textIn(effects), expectedDropText(drop)];
      if (pass) {
        const list = listOfEffects(known, ({ id }) => met.has(id));
        return text(`Expected ${name} not to be ${such}, but it was.`, list);
      }
      const list = listOfEffects(known, call.isMetBy);
      const endings = new Set(effects.filter(call.isMetBy).map(endingsOf(known)));
      if (endings.size > 0) {
        return text(
          `Expected ${name} to be ${such}, but it ${[...endings].map(sentenceOf).join(' and ')}.`,
          list,
        );
      }
      const but = effects.some(call.isOfEffect)
        ? 'but it was enqueued with other arguments'
        : 'but it was not enqueued';
      return text(`Expected ${name} to be ${such}, ${but}.`, list, call.nearestIn(effects));
    },
  };
}
