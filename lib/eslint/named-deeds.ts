import type { Deed } from './effect-timing.js';

/** Known by their names, since the code behind them is somebody else's. */
const DEEDS: readonly (readonly [pattern: RegExp, does: 'wait' | 'forget'])[] = [
  [/^(then|catch|finally)$/, 'wait'],
  [/transaction/i, 'wait'],
  [/^(on|once|addListener|subscribe|setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)$/, 'forget'],
];

/** What a call does whose function is not known. @internal */
export function namedDeed(name: string | undefined): Deed<never> {
  const [, does] = DEEDS.find(([pattern]) => name !== undefined && pattern.test(name)) ?? [];
  return does === undefined ? { does: 'run', target: undefined } : { does };
}
