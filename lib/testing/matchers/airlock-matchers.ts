import { toHaveDispatched } from './to-have-dispatched.matcher.js';
import { toHaveDispatchedTimes } from './to-have-dispatched-times.matcher.js';
import { toHaveDropped } from './to-have-dropped.matcher.js';
import { toHaveEnqueued } from './to-have-enqueued.matcher.js';
import { toHaveEnqueuedTimes } from './to-have-enqueued-times.matcher.js';
import { toHaveNoEffects } from './to-have-no-effects.matcher.js';
import type { MatcherContext, MatcherResult } from './matcher-context.js';
import type { AirlockMatchers } from './matcher-types.js';

/** Matcher as `expect.extend` takes it. @publicApi */
// `any`: the test runner passes on whatever a test has written.
export type AirlockMatcher = (
  this: MatcherContext,
  received: any,
  ...expected: any[]
) => MatcherResult;

/**
 * Matchers for `expect.extend(airlockMatchers)`, once per test file or in a set-up file.
 * `nestjs-airlock/testing/jest`, `…/testing/jest-globals` and `…/testing/vitest` do that when they
 * are imported, and bring the types.
 *
 * @publicApi
 * @example
 * ```ts
 * expect.extend(airlockMatchers);
 * expect(app).toHaveDispatched(mail.sendReceipt, 7);
 * expect(await captureEffects(work)).toHaveNoEffects();
 * ```
 */
export const airlockMatchers: Readonly<Record<keyof AirlockMatchers, AirlockMatcher>> = {
  toHaveEnqueued,
  toHaveEnqueuedTimes,
  toHaveDispatched,
  toHaveDispatchedTimes,
  toHaveDropped,
  toHaveNoEffects,
};
