import type { DropReason } from '../../core/model/report.js';
import type { Policy } from '../../core/model/policy.js';
import type { EffectRef } from '../../core/effect/effect-ref.js';
import type { AsymmetricMatcher } from '../kit/texts/print.js';

/**
 * A value, or matchers such as `expect.any(Number)` in its place or anywhere inside it. @publicApi
 */
export type Expected<T> =
  | T
  | AsymmetricMatcher
  | (T extends object ? { [K in keyof T]: Expected<T[K]> } : never);

/** All arguments of an effect, or none at all where any will do. @publicApi */
export type ExpectedArguments<A extends unknown[]> = [] | { [K in keyof A]: Expected<A[K]> };

/** Which call of an effect is expected to have been dropped, and why. @publicApi */
export interface ExpectedDrop<A extends unknown[] = unknown[]> {
  /**
   * The arguments, all of them; matchers such as `expect.any(Number)` may stand anywhere in them.
   * @default any
   */
  readonly args?: { readonly [K in keyof A]: Expected<A[K]> };
  /** @default any */
  readonly reason?: DropReason;
  /** The policy that said no: its class, the policy itself, or its class's name. @default any */
  readonly policy?: Policy | (new (...args: never[]) => Policy) | string;
}

/**
 * The matchers, as `expect(…)` has them. Received is a result of `captureEffects`, an application
 * with `AirlockTestingModule`, its recorder, an `EffectBuffer` or a scope; the last two only know
 * what they hold.
 *
 * @typeParam R what a matcher returns under the test runner
 * @publicApi
 */
export interface AirlockMatchers<R = unknown> {
  /**
   * Passes if the effect was called, whatever became of it. Without arguments, any call will do.
   */
  toHaveEnqueued<A extends unknown[]>(effect: EffectRef<A>, ...args: ExpectedArguments<A>): R;
  /** Passes if the effect was called exactly so many times, with any arguments. */
  toHaveEnqueuedTimes(effect: EffectRef, times: number): R;
  /**
   * Passes if outcome, policies and transaction let the effect out, and it did not fail if it ran.
   */
  toHaveDispatched<A extends unknown[]>(effect: EffectRef<A>, ...args: ExpectedArguments<A>): R;
  /** Passes if the effect was let out exactly so many times, with any arguments. */
  toHaveDispatchedTimes(effect: EffectRef, times: number): R;
  /**
   * Passes if the effect was dropped by its outcome, a policy, a rollback or the opener of its
   * scope. `drop` names its arguments, the reason and the policy.
   */
  toHaveDropped<A extends unknown[]>(effect: EffectRef<A>, drop?: ExpectedDrop<A>): R;
  /**
   * Passes if no effect got out or still may get out: each call has been dropped. A call that
   * `assertNone` refused counts as an effect.
   */
  toHaveNoEffects(): R;
}

declare global {
  // Also read by Vitest; an empty namespace where neither is installed.
  namespace jest {
    interface Matchers<R, T = {}> extends AirlockMatchers<R> {}
  }
}
