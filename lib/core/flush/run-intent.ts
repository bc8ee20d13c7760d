import { completionOf } from '../results/completion.js';
import { contexts } from '../scope/context.js';
import { type EffectContext, JobContext } from '../scope/effect-context.js';
import type { EffectFacts } from '../scope/running-effect.js';
import type { DispatchContext, FrameConnection } from '../model/dispatch-context.js';
import type { DispatchResult, Executor } from '../model/executor.js';
import { effectRuns } from '../model/diagnostics.js';
import { withContext } from '../model/context-carrier.js';
import { carriedWith, freeze, type Intent, stampOf } from '../model/intent.js';
import { traced } from './traced.js';
import { timeLimitOf, within } from './time-limit.js';
import { frames, type TransactionFrame } from '../frame/transaction-frame.js';

// The one place where effects are run, in this process and in workers: each in a context of its
// own, and here within its time limit (rules 19 and 27).

/**
 * Runs one intent.
 *
 * @returns its end; undefined if it has ended already
 * @throws what it throws at once; rejects with what it fails with later, or with an
 *   `EffectTimeoutError`
 * @internal
 */
export function runIntent(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): PromiseLike<unknown> | undefined {
  return contexts.run(context, beginIntent, executor, intent, context, flush);
}

function beginIntent(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): PromiseLike<unknown> | undefined {
  const carried = executor.remote === true ? undefined : carriedWith(intent);
  if (carried === undefined) return begin(executor, intent, context, flush);
  return withContext(context.host.carriers, carried, intent, () =>
    begin(executor, intent, context, flush),
  );
}

function begin(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): PromiseLike<unknown> | undefined {
  if (!effectRuns.hasSubscribers) return execute(executor, intent, context, flush);
  const message = { intent: freeze(intent), scope: context.scopeView, executor };
  return traced(message, () => execute(executor, intent, context, flush));
}

function execute(
  executor: Executor,
  intent: Intent,
  context: EffectContext,
  flush: object,
): Promise<unknown> | undefined {
  const completion = completionOf(
    executor.execute(intent, new RunContext(executor, context, flush)),
  );
  return completion && within(limitOf(executor, intent, context), completion, intent, context);
}

/**
 * Runs consecutive intents of an executor that takes them at once, within the longest of their
 * limits.
 * @internal
 */
export function runBatch(
  executor: Executor,
  batch: readonly Intent[],
  context: EffectContext,
  flush: object,
): PromiseLike<readonly DispatchResult[]> {
  return contexts.run(context, beginBatch, executor, batch, context, flush);
}

function beginBatch(
  executor: Executor,
  batch: readonly Intent[],
  context: EffectContext,
  flush: object,
): PromiseLike<readonly DispatchResult[]> {
  if (!effectRuns.hasSubscribers) return executeBatch(executor, batch, context, flush);
  const message = { intent: batch[0]!, batch, scope: context.scopeView, executor };
  return traced(message, () => executeBatch(executor, batch, context, flush))!;
}

function executeBatch(
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
  return timeLimitOf(executor, stampOf(intent).options.timeoutMs, host.effectTimeoutMs);
}

/**
 * Runs a job that another process has sent, in the scope of the caller. It has no time limit here,
 * since its engine has one.
 *
 * @returns its end; undefined if it has ended already
 * @throws what it throws at once; rejects with what it fails with later
 * @internal
 */
export function runJob(effect: EffectFacts, work: () => unknown): PromiseLike<unknown> | undefined {
  const here = contexts.getStore()!;
  const job = (): PromiseLike<unknown> | undefined => completionOf(work());
  return contexts.run(new JobContext(here, effect), () =>
    effectRuns.hasSubscribers ? traced({ intent: effect, scope: here.opened?.view }, job) : job(),
  );
}

/** The dispatch, as an executor sees it. */
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

  get transaction(): string | undefined {
    return this.#frame?.name;
  }

  get connection(): FrameConnection | undefined {
    return this.#frame?.connection;
  }

  get tx(): unknown {
    return this.#frame?.tx;
  }
}
