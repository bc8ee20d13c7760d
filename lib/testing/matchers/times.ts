import type { Intent } from '../../core/model/intent.js';
import { assertTimes, timesText } from '../kit/texts/times.js';
import type { EffectRef } from '../../core/effect/effect-ref.js';
import type { KnownEffects } from './known-effects.js';
import { ExpectedCall } from './expected-call.js';
import { listOfEffects } from '../kit/texts/listing.js';
import { comparisonOf } from './comparison.js';
import { type MatcherContext, type MatcherResult, text } from './matcher-context.js';

/** Intents that are counted, and the verb of messages. */
interface Counted {
  readonly verb: 'enqueued' | 'dispatched';
  readonly among: readonly Intent[];
}

/**
 * Matches an effect by the number of its calls.
 *
 * @throws AirlockOptionsError for what is no number of times
 * @internal
 */
export function timesOf(
  context: MatcherContext,
  known: KnownEffects,
  effect: EffectRef,
  times: number,
  { verb, among }: Counted,
): MatcherResult {
  assertTimes(times);
  const call = new ExpectedCall(comparisonOf(context), effect, undefined);
  const { effects } = known;
  const counted = new Set(among.filter(call.isMetBy).map(({ id }) => id));
  const pass = counted.size === times;
  return {
    pass,
    message: () => {
      const name = call.textIn(effects);
      // Where none counts, what became of those that might have.
      const list = listOfEffects(
        known,
        counted.size === 0 ? call.isOfEffect : ({ id }) => counted.has(id),
      );
      if (pass)
        return text(`Expected ${name} not to be ${verb} ${timesText(times)}, but it was.`, list);
      const found = counted.size === 0 ? 'never was' : `was ${verb} ${timesText(counted.size)}`;
      const nearest = effects.some(call.isOfEffect) ? '' : call.nearestIn(effects);
      return text(
        `Expected ${name} to be ${verb} ${timesText(times)}, but it ${found}.`,
        list,
        nearest,
      );
    },
  };
}
