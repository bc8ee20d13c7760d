import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import type { EffectRef } from '../effect-ref.js';
import { evidenceOf } from './evidence.js';
import { ExpectedCall } from './expected-call.js';
import { listOfEffects } from './listing.js';
import { equalsIn, type MatcherContext, type MatcherResult, text } from './matcher-context.js';

/** @internal */
export function toHaveEnqueuedTimes(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  times: number,
): MatcherResult {
  if (!Number.isInteger(times) || times < 0)
    throw AirlockOptionsError.expected('times', 'an integer of 0 or more', times);
  const evidence = evidenceOf(received);
  const call = new ExpectedCall(equalsIn(this), effect, []);
  const { effects } = evidence;
  const count = effects.filter(call.isMetBy).length;
  const pass = count === times;
  return {
    pass,
    message: () => {
      const name = call.textIn(effects);
      const list = listOfEffects(evidence, call.isMetBy);
      if (pass) return text(`Expected ${name} not to be enqueued ${timesText(times)}, but it was.`, list);
      const nearest = count === 0 ? call.nearestIn(effects) : '';
      return text(
        `Expected ${name} to be enqueued ${timesText(times)}, but it ${count === 0 ? 'never was' : `was enqueued ${timesText(count)}`}.`,
        list,
        nearest,
      );
    },
  };
}

function timesText(count: number): string {
  return ['never', 'once', 'twice'][count] ?? `${count} times`;
}
