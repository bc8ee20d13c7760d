import { knownEffects } from './known-effects.js';
import { lines, listOfEffects } from '../kit/texts/listing.js';
import { type MatcherContext, type MatcherResult, text } from './matcher-context.js';

/** @internal */
export function toHaveNoEffects(this: MatcherContext, received: unknown): MatcherResult {
  const known = knownEffects(received);
  const { effects, dropped, refused } = known;
  const lost = new Set(dropped.map(({ intent }) => intent.id));
  const left = effects.filter(({ id }) => !lost.has(id));
  const pass = left.length === 0 && refused.length === 0;
  return {
    pass,
    message: () => {
      if (pass) return text('Expected effects, but there are none.', listOfEffects(known));
      const isLeft = new Set(left.map(({ id }) => id));
      return text(
        `Expected no effects, but there ${count(left.length + refused.length)}.`,
        left.length === 0 ? '' : listOfEffects(known, ({ id }) => isLeft.has(id)),
        refused.length === 0 ? '' : ['Refused:', ...lines(refused)].join('\n'),
      );
    },
  };
}

function count(number: number): string {
  return number === 1 ? 'is 1' : `are ${number}`;
}
