import type { AirlockRuntime } from '../../../core/runtime.js';
import type { Policy } from '../../../core/model/policy.js';
import type { Intent } from '../../../core/model/intent.js';
import type { ExecutorOverride } from '../../../core/scope/executor-override.js';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import { AssertNoneFaked } from './assert-none-faked.policy.js';
import { DropFaked } from './drop-faked.policy.js';
import type { HeldEffects } from './held-effects.js';
import { INLINE, InlineAfterCommitExecutor } from './inline.executor.js';
import type { IsFaked } from './is-faked.js';

/**
 * Treatment of effects in a tested application, once outcome, policies and transaction have let
 * them out:
 *
 * - `capture`: they are kept in; `drain` runs them.
 * - `inline`: they run in this process, whatever executor they were for, and at the same moment: no
 *   server is needed.
 * - `drop`: none gets out, as under `DropAll`.
 * - `assertNone`: every call is refused, as under `AssertNoEffects`.
 * - `real`: as in production. For tests from end to end, where the record is all that is wanted.
 *
 * @publicApi
 */
export type TestingMode = 'capture' | 'inline' | 'drop' | 'assertNone' | 'real';

/** Parts that a mode works with. @internal */
export interface ModeParts {
  readonly isFaked: IsFaked;
  readonly held: HeldEffects;
  readonly onRefused: (intent: Intent) => void;
}

/** Parts that a mode puts into an application. */
interface Mode {
  policies?(parts: ModeParts): readonly Policy[];
  executorOverride?(parts: ModeParts, runtime: AirlockRuntime): ExecutorOverride;
}

const MODES: Readonly<Record<TestingMode, Mode>> = {
  capture: {
    executorOverride:
      ({ isFaked, held }) =>
      (intent, executor) =>
        isFaked(intent) ? held : executor,
  },
  inline: {
    executorOverride: ({ isFaked }, runtime) => {
      const afterCommit = new InlineAfterCommitExecutor(runtime);
      return (intent, executor) =>
        !isFaked(intent) ? executor : executor.transactional === true ? afterCommit : INLINE;
    },
  },
  drop: { policies: ({ isFaked }) => [new DropFaked(isFaked)] },
  assertNone: { policies: ({ isFaked, onRefused }) => [new AssertNoneFaked(isFaked, onRefused)] },
  real: {},
};

/** @throws AirlockOptionsError for what is no mode @internal */
export function modeNamed(name: TestingMode): Mode {
  if (Object.hasOwn(MODES, name)) return MODES[name];
  const names = Object.keys(MODES).map((one) => `'${one}'`);
  throw AirlockOptionsError.expected('mode', `one of ${names.join(', ')}`, name);
}
