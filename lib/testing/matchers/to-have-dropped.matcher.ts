import type { DroppedIntent } from '../../core/report.js';
import type { EffectRef } from '../effect-ref.js';
import { fatesIn } from './evidence.js';
import { ExpectedCall } from './expected-call.js';
import { fatesOf, listOfEffects, sentenceOf } from './listing.js';
import { equalsIn, type MatcherContext, type MatcherResult, text } from './matcher-context.js';
import type { ExpectedDrop } from './matcher-types.js';

/** @internal */
export function toHaveDropped(
  this: MatcherContext,
  received: unknown,
  effect: EffectRef,
  drop: ExpectedDrop = {},
): MatcherResult {
  const evidence = fatesIn(received, 'toHaveDropped');
  const call = new ExpectedCall(equalsIn(this), effect, []);
  const { effects, dropped } = evidence;
  const met = dropped.filter((one) => call.isMetBy(one.intent) && isSuch(one, drop)).map(({ intent }) => intent.id);
  const pass = met.length > 0;
  return {
    pass,
    message: () => {
      const name = call.textIn(effects);
      const list = listOfEffects(evidence, ({ id }) => met.includes(id));
      if (pass) return text(`Expected ${name} not to be ${expectedText(drop)}, but it was.`, list);
      const fates = new Set(effects.filter(call.isMetBy).map(fatesOf(evidence)));
      if (fates.size > 0) {
        return text(
          `Expected ${name} to be ${expectedText(drop)}, but it ${[...fates].map(sentenceOf).join(' and ')}.`,
          list,
        );
      }
      return text(
        `Expected ${name} to be ${expectedText(drop)}, but it was not enqueued.`,
        list,
        call.nearestIn(effects),
      );
    },
  };
}

function isSuch({ reason, policy }: DroppedIntent, expected: ExpectedDrop): boolean {
  if (expected.reason !== undefined && reason !== expected.reason) return false;
  if (expected.policy === undefined) return true;
  if (policy === undefined) return false;
  if (typeof expected.policy === 'string') return policy.constructor.name === expected.policy;
  return typeof expected.policy === 'function' ? policy instanceof expected.policy : policy === expected.policy;
}

function expectedText({ reason, policy }: ExpectedDrop): string {
  const by = policy === undefined ? '' : ` (${policyText(policy)})`;
  return `dropped${reason === undefined && by === '' ? '' : `: ${reason ?? 'policy'}${by}`}`;
}

function policyText(policy: NonNullable<ExpectedDrop['policy']>): string {
  if (typeof policy === 'string') return policy;
  return typeof policy === 'function' ? policy.name : policy.constructor.name;
}
