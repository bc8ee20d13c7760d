import { EffectTimeoutError } from '../../errors/effect-timeout.error.js';
import { MissingResultError } from '../../errors/missing-result.error.js';
import { append } from '../model/append.js';
import { type Context, contexts } from '../scope/context.js';
import { EffectContext } from '../scope/effect-context.js';
import { runBatch, runIntent } from './effect-run.js';
import { contextOfEvaluation, policyName } from '../scope/policy-evaluation.js';
import { holdUntil } from '../frame/held-intents.js';
import { recordDispatched, recordDropped, recordFailed, recordPolicyError, startOf } from '../scope/journal.js';
import type { Policy, PolicyLink } from '../model/policy.js';
import type { Executor } from '../model/executor.js';
import type { Intent } from '../model/intent.js';
import { freeze, stampOf } from '../model/intent.js';
import { type ExecutorOverride, executorOverrides } from '../scope/executor-override.js';
import { hasUnheard, raiseUnheard, reportUnheard } from '../model/refusal.js';
import { FlushJournal } from '../model/report.js';
import type { EffectUnderWay } from '../scope/slow-flush.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import type { InFlight, UnitOfWork } from '../scope/unit-of-work.js';

/** Ends the unit that an effect's own calls went into. @internal */
export type SettleCascade = (
  unit: UnitOfWork,
  outcome: 'completed' | 'failed',
  dispatch: Dispatch,
) => void | PromiseLike<void>;

/**
 * One pass over intents that the outcome let out: policies, then executors, first in first out, each awaited before the
 * next. Stays synchronous as long as nothing it calls is asynchronous.
 *
 * @internal
 */
export class Dispatch implements InFlight {
  private cursor = 0;
  /** The first that has not ended yet: behind the cursor by what is running, one intent or a batch. */
  private unfinished = 0;
  private readonly evaluations = new Map<Policy, Context>();
  private readonly executorOverride: ExecutorOverride | undefined;
  /** When what is running began, for a flush that is slow; 0 while nothing runs. */
  private since = 0;
  /** What runs side by side, each in a dispatch of its own. */
  private lanes: Map<Intent, Dispatch> | undefined = undefined;

  /**
   * @param frame the transaction whose connection intents are written through, if any
   * @param flush identity of the whole flush, which cascades share
   * @param tracker the unit that a shutdown waits for, also for cascades
   */
  constructor(
    private readonly unit: UnitOfWork,
    readonly journal: FlushJournal,
    private readonly settleCascade: SettleCascade,
    private readonly outer: Context | undefined,
    private readonly queue: readonly Intent[],
    private readonly frame?: StampedFrame,
    readonly flush: object = journal,
    private readonly tracker: UnitOfWork = unit,
  ) {
    this.executorOverride = executorOverrides.getStore() ?? unit.host.executorOverride;
  }

  run(): void | Promise<void> {
    while (this.cursor < this.queue.length) {
      const step = this.step();
      if (step) return this.runFrom(step);
      this.unfinished = this.cursor;
    }
    this.close();
  }

  /** A dispatch of what this one's effects enqueued, one level deeper, in the same journal. */
  cascade(unit: UnitOfWork, queue: readonly Intent[]): Dispatch {
    return new Dispatch(unit, this.journal, this.settleCascade, this.outer, queue, undefined, this.flush, this.tracker);
  }

  remaining(): readonly Intent[] {
    if (this.lanes !== undefined) return [...this.lanes.keys(), ...this.queue.slice(this.cursor)];
    return this.queue.slice(this.unfinished);
  }

  get underWay(): readonly EffectUnderWay[] {
    if (this.lanes !== undefined) return [...this.lanes.values()].flatMap((lane) => lane.underWay);
    const running = this.queue[this.unfinished];
    return running === undefined ? [] : [{ name: running.name, since: this.since }];
  }

  private async runFrom(step: PromiseLike<void>): Promise<void> {
    this.tracker.track(this);
    await step;
    this.unfinished = this.cursor;
    while (this.cursor < this.queue.length) {
      await this.step();
      this.unfinished = this.cursor;
    }
    this.close();
  }

  private close(): void {
    this.tracker.untrack(this);
    for (const { evaluation } of this.evaluations.values()) {
      evaluation!.isActive = false;
      // What a policy called after its answer, with nobody to listen.
      if (hasUnheard(evaluation!)) void reportUnheard(evaluation!, this.unit.host);
    }
  }

  private get hasFailedFast(): boolean {
    return this.unit.failFast && this.journal.failed.length > 0;
  }

  // Kept free of closures: one that captures an intent would cost every effect an allocation, asynchronous or not.
  private step(): void | PromiseLike<void> {
    const intent = this.queue[this.cursor]!;
    if (this.hasFailedFast) {
      this.cursor++;
      return recordDropped(this.unit, this.journal, intent, 'failFast');
    }
    const stamp = stampOf(intent);
    const { path } = stamp;
    if (this.executorOverride === undefined && stamp.executor.executeBatch !== undefined)
      return this.stepBatch(stamp.executor);
    const { concurrency } = stamp.executor;
    if (this.executorOverride === undefined && concurrency !== undefined && concurrency > 1) {
      return this.stepSideBySide(stamp.executor, concurrency);
    }
    const executor =
      this.executorOverride === undefined ? stamp.executor : this.executorOverride(freeze(intent), stamp.executor);
    this.cursor++;
    const allowed = path.gates === undefined || this.allows(intent);
    if (typeof allowed !== 'boolean') return this.executeIf(allowed, executor, intent);
    if (allowed && this.isFirst(intent)) return this.execute(executor, intent);
  }

  private async executeIf(allowed: PromiseLike<boolean>, executor: Executor, intent: Intent): Promise<void> {
    if ((await allowed) && this.isFirst(intent)) await this.execute(executor, intent);
  }

  private execute(executor: Executor, intent: Intent): void | PromiseLike<void> {
    const context = new EffectContext(this.unit, intent, this.outer);
    const startedAt = startOf();
    try {
      const completion = runIntent(executor, intent, context, this.flush);
      if (completion !== undefined) return this.executed(completion, context, intent, startedAt);
      // `await` listens one turn later.
      if (context.hasUnheard) return this.executed(Promise.resolve(), context, intent, startedAt);
    } catch (error) {
      recordFailed(this.unit, this.journal, intent, error, startedAt);
      return this.endContext(context, 'failed');
    }
    this.isOut(intent, startedAt);
    return this.endContext(context, 'completed');
  }

  private async executed(
    completion: Promise<unknown>,
    context: EffectContext,
    intent: Intent,
    startedAt: number,
  ): Promise<void> {
    this.beginsToWait();
    try {
      await completion;
      context.assertHeard();
    } catch (error) {
      recordFailed(this.unit, this.journal, intent, error, startedAt);
      return this.endContext(context, 'failed');
    }
    this.isOut(intent, startedAt);
    return this.endContext(context, 'completed');
  }

  private isOut(intent: Intent, startedAt: number): void {
    // What is written in a transaction is out when that has committed.
    if (this.frame === undefined) recordDispatched(this.unit, this.journal, intent, startedAt);
    else this.journal.dispatched.push(intent);
  }

  /** Consecutive intents of one executor, those that their policies allow, at once. */
  private async stepBatch(executor: Executor): Promise<void> {
    const batch: Intent[] = [];
    while (this.cursor < this.queue.length && stampOf(this.queue[this.cursor]!).executor === executor) {
      const intent = this.queue[this.cursor++]!;
      if (this.hasFailedFast) {
        recordDropped(this.unit, this.journal, intent, 'failFast');
        continue;
      }
      const allowed = this.allows(intent);
      // Not awaited without need: a microtask for each of a thousand is a part of the whole that shows.
      if ((typeof allowed === 'boolean' ? allowed : await allowed) && this.isFirst(intent)) batch.push(intent);
    }
    if (batch.length === 0) return;
    const context = new EffectContext(this.unit, batch[0]!, this.outer);
    const startedAt = startOf();
    const errors = new Map<Intent, unknown>();
    let outcome: 'completed' | 'failed' = 'completed';
    try {
      this.beginsToWait();
      // All of it is read here: a result may be an object that throws when it is looked at.
      for (const { intent, error } of await runBatch(executor, Object.freeze(batch), context, this.flush))
        errors.set(intent, error);
    } catch (error) {
      outcome = 'failed';
      for (const intent of batch) errors.set(intent, ofIts(error, intent));
    }
    for (const intent of batch) {
      const error = errors.get(intent);
      if (!errors.has(intent))
        recordFailed(
          this.unit,
          this.journal,
          intent,
          new MissingResultError(policyName(executor), intent.name),
          startedAt,
        );
      else if (error !== undefined || outcome === 'failed')
        recordFailed(this.unit, this.journal, intent, error, startedAt);
      else this.isOut(intent, startedAt);
    }
    await this.endContext(context, outcome);
  }

  /**
   * Consecutive intents of one executor, `width` at a time: begun in the order of their calls, and told in it. Each has a dispatch
   * of its own for what it enqueues and what becomes of it.
   */
  private async stepSideBySide(executor: Executor, width: number): Promise<void> {
    const open = (this.lanes = new Map<Intent, Dispatch>());
    const lanes: Dispatch[] = [];
    const runs: Promise<void>[] = [];
    let onFree = (): void => {};
    let hasFailedFast = this.hasFailedFast;
    const end = (intent: Intent, lane: Dispatch): void => {
      open.delete(intent);
      hasFailedFast ||= lane.hasFailedFast;
      onFree();
    };
    while (this.cursor < this.queue.length && stampOf(this.queue[this.cursor]!).executor === executor) {
      const intent = this.queue[this.cursor++]!;
      const lane = this.lane(intent);
      lanes.push(lane);
      if (hasFailedFast) {
        recordDropped(this.unit, lane.journal, intent, 'failFast');
        continue;
      }
      open.set(intent, lane);
      const allowed = lane.allows(intent);
      const isAllowed = typeof allowed === 'boolean' ? allowed : await allowed;
      // While its policies were asked, one that had begun may have failed.
      if (isAllowed && hasFailedFast) recordDropped(this.unit, lane.journal, intent, 'failFast');
      const isOut = isAllowed && !hasFailedFast && lane.isFirst(intent);
      const running = isOut ? lane.execute(executor, intent) : undefined;
      if (running === undefined) end(intent, lane);
      else {
        const run = Promise.resolve(running).finally(() => end(intent, lane));
        // Seen below, with the others.
        run.catch(() => {});
        runs.push(run);
      }
      if (open.size === width) await new Promise<void>((resolve) => (onFree = resolve));
    }
    await Promise.all(runs);
    this.lanes = undefined;
    for (const lane of lanes) {
      lane.close();
      this.journal.add(lane.journal);
      append(this.journal.deferred, lane.journal.deferred);
    }
  }

  private lane(intent: Intent): Dispatch {
    const { unit, settleCascade, outer, frame, flush, tracker } = this;
    return new Dispatch(unit, new FlushJournal(), settleCascade, outer, [intent], frame, flush, tracker);
  }

  private beginsToWait(): void {
    if (this.unit.host.slowFlushMs !== undefined) this.since = performance.now();
  }

  /** Asks the policies on the intent's way, innermost first; writes down the one that says no (rules 11 and 14). */
  private allows(intent: Intent, from = stampOf(intent).path.gates): boolean | Promise<boolean> {
    freeze(intent);
    for (let at = from; at !== undefined; at = at.next) {
      const { policy, next: rest } = at;
      const context = this.evaluationOf(policy);
      let verdict: boolean | Promise<boolean>;
      try {
        verdict = contexts.run(context, () => policy.allows!(intent));
        if (typeof verdict === 'boolean') raiseUnheard(context.evaluation!, this.unit.host);
      } catch (error) {
        return this.refuse(intent, error, policy);
      }
      if (verdict === true) continue;
      if (verdict === false) return (recordDropped(this.unit, this.journal, intent, 'policy', policy), false);
      return Promise.resolve(verdict)
        .then((yes) => (raiseUnheard(context.evaluation!, this.unit.host), yes))
        .then(
          (yes) =>
            yes
              ? this.isAllowedBy(rest, intent)
              : (recordDropped(this.unit, this.journal, intent, 'policy', policy), false),
          (error: unknown) => this.refuse(intent, error, policy),
        );
    }
    return true;
  }

  private isAllowedBy(next: PolicyLink | undefined, intent: Intent): boolean | Promise<boolean> {
    return next === undefined || this.allows(intent, next);
  }

  /** Whether no other went out under its key; else it is dropped, or waits for the transaction that decides about the other (rule 6). */
  private isFirst(intent: Intent): boolean {
    const { dedupeKey } = stampOf(intent).options;
    if (dedupeKey === undefined) return true;
    const verdict = this.unit.dedupeKeys.use(intent, dedupeKey, this.frame);
    if (verdict === 'first') return true;
    if (verdict === 'duplicate') recordDropped(this.unit, this.journal, freeze(intent), 'duplicate');
    else holdUntil(verdict, this.unit, this.journal, intent);
    return false;
  }

  private evaluationOf(policy: Policy): Context {
    let context = this.evaluations.get(policy);
    if (context === undefined) {
      context = contextOfEvaluation(this.unit, { policy, flush: this.flush, isActive: true });
      this.evaluations.set(policy, context);
    }
    return context;
  }

  private refuse(intent: Intent, error: unknown, policy: Policy): false {
    recordPolicyError(this.unit, this.journal, intent, error, policy);
    return false;
  }

  /** What the effect itself enqueued goes out right after it, or is dropped with it. */
  private endContext(context: EffectContext, outcome: 'completed' | 'failed'): void | PromiseLike<void> {
    const unit = context.end(outcome);
    this.since = 0;
    this.unfinished = this.cursor;
    if (unit !== undefined) return this.settleCascade(unit, outcome, this);
  }
}

/** The error of a whole batch as one of its intents is told it. */
function ofIts(error: unknown, { name }: Intent): unknown {
  return error instanceof EffectTimeoutError ? new EffectTimeoutError(name, error.timeoutMs, error.scope) : error;
}
