import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { assertTimeLimit } from './duration.js';
import type { PolicyRef } from './policy.js';

/** The outcome of its scope that lets an intent out. @publicApi */
export type EffectTrigger = 'success' | 'failure' | 'always';

const TRIGGERS: readonly EffectTrigger[] = ['success', 'failure', 'always'];

/** A callable whose run changes the outside world. @internal */
export type Effect = (...args: never[]) => unknown;

/** Options of one call of an effect. @publicApi */
export interface EnqueueOptions {
  /** Name for policies, logs and reports. @default the function's name, or `Class.method` */
  readonly name?: string;
  /** Origin of the call, for logs and policies. @default the name of the scope it was made in */
  readonly origin?: string;
  /** Name of one of the application's executors. @default the scope's */
  readonly executor?: string;
  /** The outcome on which it goes out. @default 'success' */
  readonly on?: EffectTrigger;
  /** Further policies of this effect alone. */
  readonly policy?: PolicyRef | readonly PolicyRef[];
  /**
   * A key that drops repetitions. Of several calls of one effect under the same key, in a scope and
   * those nested in it, only the first that outcome, transaction and policies allow goes out, even
   * if it fails then. The others are dropped with the reason `duplicate`.
   */
  readonly dedupeKey?: string;
  /**
   * True to let it out even if the transaction around the call rolls back; otherwise it shares the
   * transaction's fate. @default false
   */
  readonly survivesRollback?: boolean;
  /**
   * Milliseconds that it may run in this process; then it counts as failed with an
   * `EffectTimeoutError`, and its signal aborts. `false`: no limit. @default the application's
   * `effectTimeoutMs`
   */
  readonly timeoutMs?: number | false;
  /**
   * `afterResponse`: it does not hold up the answer to a request. It is decided with the others and
   * goes out once the response was sent; without a response to wait for, it goes out with the
   * others. @default as its request does
   */
  readonly dispatch?: 'afterResponse';
  /** Handed to the executor as it is, such as a job's delay or priority. */
  readonly dispatchOptions?: Readonly<Record<string, unknown>>;
}

/**
 * Freezes a copy of options, so that later changes by their owner do nothing. Options that are
 * frozen already stay the same object.
 *
 * @throws AirlockOptionsError for an `on`, a `timeoutMs` or a `dispatch` of the wrong kind
 * @internal
 */
export function fixed(options: EnqueueOptions): EnqueueOptions {
  const { dispatch, dispatchOptions, on } = options;
  assertTimeLimit('timeoutMs', options.timeoutMs);
  if (dispatch !== undefined && dispatch !== 'afterResponse')
    throw AirlockOptionsError.expected('dispatch', "'afterResponse'", dispatch);
  if (on !== undefined && !TRIGGERS.includes(on))
    throw AirlockOptionsError.expected(
      'on',
      TRIGGERS.map((trigger) => `'${trigger}'`).join(' or '),
      on,
    );
  if (
    Object.isFrozen(options) &&
    (dispatchOptions === undefined || Object.isFrozen(dispatchOptions))
  )
    return options;
  return Object.freeze({
    ...options,
    ...(dispatchOptions && { dispatchOptions: Object.freeze({ ...dispatchOptions }) }),
  });
}

/** @internal */
export function effectName(options: EnqueueOptions, effect: Effect): string {
  return options.name ?? (effect.name || '(anonymous)');
}
