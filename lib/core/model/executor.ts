import type { DispatchContext } from './dispatch-context.js';
import type { Intent } from './intent.js';

/**
 * The end of one intent of a batch. Without an `error`, or with `undefined`, it got out; an intent
 * that failed without an error has to be given one. @publicApi
 */
export interface DispatchResult {
  readonly intent: Intent;
  readonly error?: unknown;
}

/** A call of an effect before it is an intent, in the caller's stack. @publicApi */
export interface EffectCall {
  readonly name: string;
  readonly effect: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  /**
   * The options that the intent will carry. An executor that does not know one of them refuses the
   * call, and not the intent at the flush.
   */
  readonly dispatchOptions?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Decides *how* an intent runs once it is let out.
 *
 * @publicApi
 */
export interface Executor {
  /**
   * Runs one intent. A Promise or an Observable is awaited to its end; an error makes the intent
   * failed.
   */
  execute(intent: Intent, context: DispatchContext): unknown;
  /**
   * Runs consecutive intents at once and resolves to one result per intent, in order: `error` says
   * why one did not get out, and `undefined` that it did. A missing result counts as failed.
   */
  executeBatch?(
    intents: readonly Intent[],
    context: DispatchContext,
  ): Promise<readonly DispatchResult[]>;
  /**
   * True if it can run this effect; the in-process executor runs the others. Throwing refuses the
   * call. @default true
   */
  accepts?(call: EffectCall): boolean;
  /**
   * Makes the copy of a call's arguments that is kept. Throwing refuses the call. @default a copy
   * of plain JSON data if `remote`, else copies of plain objects and arrays
   */
  keepArguments?(call: EffectCall): unknown[];
  /**
   * True if intents leave the process, so that their arguments are serialised at the call; else
   * plain objects and arrays are copied. @default false
   */
  readonly remote?: boolean;
  /**
   * True if intents are written through the open transaction's own connection; else they wait for
   * its commit. @default false
   */
  readonly transactional?: boolean;
  /**
   * Milliseconds that one call of it may take, for effects without a limit of their own; `false`
   * for an executor that limits its waiting itself, as those of engines do: then no other limit
   * counts.
   * @default the application's `effectTimeoutMs`
   */
  readonly timeoutMs?: number | false;
  /**
   * Number of consecutive intents that may run at a time, for an executor without `executeBatch`.
   * @default 1
   */
  readonly concurrency?: number;
  /**
   * Id of the job that its engine makes of an intent, for the inspector; undefined if the engine
   * chooses it.
   *
   * @internal
   */
  jobIdOf?(intent: Intent): string | undefined;
  /**
   * Executor that takes over what `executeBatch` has written down: after the COMMIT of the
   * transaction that it was written in; outside transactions at once.
   *
   * @internal
   */
  readonly successor?: Executor;
  /**
   * True if it has written an intent down, so that its successor takes it over even if others fail.
   *
   * @internal
   * @default true
   */
  hasWritten?(intent: Intent): boolean;
}

/** An executor, a class that becomes one, or a function that runs one intent. @publicApi */
export type ExecutorRef =
  | Executor
  | (new (...args: never[]) => Executor)
  | ((intent: Intent) => unknown);
