import { EffectTimeoutError } from '../../errors/effect-timeout.error.js';
import { causeOf } from '../../errors/thrown.js';
import { completionOf, ObservedEnd } from '../results/completion.js';
import { contexts } from '../scope/context.js';
import type { EffectContext } from '../scope/effect-context.js';
import { withContext } from '../model/context-carrier.js';
import type { DispatchContext, FrameConnection } from '../model/dispatch-context.js';
import type { DispatchResult, Executor } from '../model/executor.js';
import { carriedWith, type Intent, stampOf } from '../model/intent.js';
import { clearTimeout, setTimeout } from '../model/timers.js';
import { frames, type TransactionFrame } from '../frame/transaction-frame.js';

// The one place where effects are run: each in a context of its own and within its time limit (rules 19 and 27).

/**
 * Runs one intent.
 *
 * @returns its end; undefined where it has ended already
 * @throws what it throws at once; rejects with what it fails with later, or with an `EffectTimeoutError`
 * @internal
 */
export function runIntent(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): Promise<unknown> | undefined {
  return contexts.run(context, beginIntent, executor, intent, context, flush);
}

function beginIntent(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): Promise<unknown> | undefined {
  const carried = executor.remote === true ? undefined : carriedWith(intent);
  if (carried === undefined) return execute(executor, intent, context, flush);
  return withContext(context.host.carriers, carried, intent, () => execute(executor, intent, context, flush));
}

function execute(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): Promise<unknown> | undefined {
  const completion = completionOf(executor.execute(intent, new RunContext(executor, context, flush)));
  return completion && within(limitOf(executor, intent, context), completion, intent, context);
}

/** Runs consecutive intents of an executor that takes them at once, within the longest of their limits. @internal */
export function runBatch(
  executor: Executor,
  batch: readonly Intent[],
  context: EffectContext,
  flush: object,
): Promise<readonly DispatchResult[]> {
  return contexts.run(context, beginBatch, executor, batch, context, flush);
}

function beginBatch(
  executor: Executor,
  batch: readonly Intent[],
  context: EffectContext,
  flush: object,
): Promise<readonly DispatchResult[]> {
  const limits = batch.map((intent) => limitOf(executor, intent, context));
  const longest = limits.reduce((a, b) => (a === false || b === false ? false : Math.max(a, b)));
  const completion = executor.executeBatch!(batch, new RunContext(executor, context, flush));
  return within(longest, completion, batch[0]!, context);
}

function limitOf(executor: Executor, intent: Intent, { host }: EffectContext): number | false {
  if (executor.timeoutMs === false) return false;
  return stampOf(intent).options.timeoutMs ?? executor.timeoutMs ?? host.effectTimeoutMs;
}

/** Ends with `completion`, or with the limit; what comes of it later is logged. */
function within<T>(
  timeoutMs: number | false,
  completion: PromiseLike<T>,
  intent: Intent,
  context: EffectContext,
): Promise<T> {
  if (timeoutMs === false) return Promise.resolve(completion);
  return new Promise<T>((resolve, reject) => {
    let expired: EffectTimeoutError | undefined;
    const timer = setTimeout(() => {
      expired = new EffectTimeoutError(intent.name, timeoutMs, context.scope);
      reject(expired);
      context.abort(expired);
      if (completion instanceof ObservedEnd) giveUp(completion, context);
    }, timeoutMs);
    // A query may throw where it is awaited, and an executor in JavaScript return no Promise: these are ends too.
    Promise.resolve(completion).then(
      (value) => {
        clearTimeout(timer);
        if (expired === undefined) resolve(value);
        else context.host.warn(`${lateEnd(expired)} without an error. It was told as failed already.`);
      },
      (error: unknown) => {
        clearTimeout(timer);
        if (expired === undefined) reject(error as Error);
        else if (isAbout(error, expired)) context.host.warn(`${lateEnd(expired)} as its signal told it.`);
        else context.host.logError(new Error(`${lateEnd(expired)} with an error.`, { cause: error }));
      },
    );
  });
}

/** What is not asked to stop would emit for ever. */
function giveUp(observed: ObservedEnd, { host }: EffectContext): void {
  try {
    observed.giveUp();
  } catch (error) {
    host.logError(error);
  }
}

/** `fetch` and the like fail with the reason of their signal, or with an `AbortError` that it is the cause of. */
function isAbout(error: unknown, reason: EffectTimeoutError): boolean {
  return error === reason || causeOf(error) === reason;
}

function lateEnd({ effect, scope, timeoutMs }: EffectTimeoutError): string {
  return `Effect "${effect}", let out by scope "${scope}", ended after its time limit of ${timeoutMs} ms,`;
}

/** What an executor gets to see of where it runs. */
class RunContext implements DispatchContext {
  readonly #context: EffectContext;
  readonly #frame: TransactionFrame | undefined;

  constructor(
    executor: Executor,
    context: EffectContext,
    readonly flush: object,
  ) {
    this.#context = context;
    this.#frame = executor.transactional === true ? frames.getStore() : undefined;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get connection(): FrameConnection | undefined {
    return this.#frame?.connection;
  }

  get tx(): unknown {
    return this.#frame?.tx;
  }
}
