import { asWritten } from './as-written.js';
import { endOfBatch } from './batch.js';
import { append } from '../model/append.js';
import type { Context } from '../scope/context.js';
import { holdForAnswer } from '../scope/delayed-answer.js';
import { EffectContext } from '../scope/effect-context.js';
import { type ExecutorOverride, executorOverrides } from '../scope/executor-override.js';
import {
  recordDispatched,
  recordDropped,
  recordFailed,
  recordRefusal,
  startOf,
} from '../scope/journal.js';
import type { PolicyRefusal } from '../scope/ask-policies.js';
import type { EffectUnderWay } from '../scope/slow-flush.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { outsideFrames } from '../frame/current-frame.js';
import { holdBack, holdUntil, reportOpenTransactions } from '../frame/held-intents.js';
import type { TransactionFrame } from '../frame/transaction-frame.js';
import type { InFlight } from '../scope/pending-work.js';
import { Lanes } from './lanes.js';
import { decide, dropByOutcome } from './outcome.js';
import { PolicyAsker } from './policy-asker.js';
import { runIntent } from './run-intent.js';
import type { Executor } from '../model/executor.js';
import { freeze, type Intent, stampOf } from '../model/intent.js';
import { takeUnheard } from '../model/refusal.js';
import { FlushJournal } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/** Dispatches intents, after those that the unit is dispatching already (rule 4). @internal */
export function dispatch(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
  outer: Context | undefined,
): void | Promise<void> {
  const pass = new Dispatch(unit, journal, outer, holdPatient(unit, journal, queue));
  const go = (): void | Promise<void> => {
    unit.cascade = undefined;
    return outsideFrames(() => pass.run());
  };
  let running: void | Promise<void>;
  if (unit.dispatching === undefined) running = go();
  else {
    unit.track(pass);
    running = unit.dispatching.then(go);
  }
  if (!running) return;
  const tail = running.finally(() => {
    if (unit.dispatching === tail) unit.dispatching = undefined;
  });
  unit.dispatching = tail;
  return tail;
}

/**
 * Writes intents through the connection of a transaction that is about to commit (rule 23).
 * @internal
 */
export function dispatchInTransaction(
  frame: TransactionFrame,
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): void | Promise<void> {
  return frame.run(() => new Dispatch(unit, journal, undefined, queue, frame).run());
}

/** Dispatches later what is not to hold up the answer. @returns the rest */
function holdPatient(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): readonly Intent[] {
  return holdForAnswer(unit, journal, queue, (late, patient) =>
    dispatch(unit, late, patient, undefined),
  );
}

/**
 * One pass over intents that the outcome let out: policies, then executors, first in first out,
 * each awaited before the next. Stays synchronous as long as nothing it calls is asynchronous.
 */
class Dispatch implements InFlight {
  private cursor = 0;
  /**
   * The first that has not ended yet: behind the cursor by what is running, one intent or a batch.
   */
  private unfinished = 0;
  private readonly executorOverride: ExecutorOverride | undefined;
  /** Made at the first intent that a policy has a say in. */
  private policies: PolicyAsker | undefined = undefined;
  /** Time at which what is running began; 0 while nothing runs. */
  private since = 0;
  /** Intents that run side by side, each in a dispatch of its own. */
  private lanes: Map<Intent, Dispatch> | undefined = undefined;

  /**
   * @param frame the transaction whose connection intents are written through, if any
   * @param flush identity of the whole flush, which cascades share
   * @param tracker the unit that a shutdown waits for, also for cascades
   */
  constructor(
    private readonly unit: UnitOfWork,
    private readonly journal: FlushJournal,
    private readonly outer: Context | undefined,
    private readonly queue: readonly Intent[],
    private readonly frame?: StampedFrame,
    private readonly flush: object = journal,
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
    this.policies?.close();
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

  private get hasFailedFast(): boolean {
    return this.unit.failFast && this.journal.failed.length > 0 && !this.isForSuccessor;
  }

  /** Goes on with what is written down, whatever became of others. */
  private get isForSuccessor(): boolean {
    return this.queue[0] !== undefined && stampOf(this.queue[0]).isWritten === true;
  }

  // Kept free of closures: one that captures an intent would cost every effect an allocation,
  // asynchronous or not.
  private step(): void | PromiseLike<void> {
    const intent = this.queue[this.cursor]!;
    if (this.hasFailedFast) {
      this.cursor++;
      return recordDropped(this.unit, this.journal, intent, 'failFast');
    }
    let { executor } = stampOf(intent);
    if (this.executorOverride !== undefined)
      executor = this.executorOverride(freeze(intent), executor);
    else if (executor.executeBatch !== undefined) return this.stepBatch(executor);
    else if (executor.concurrency !== undefined && executor.concurrency > 1)
      return this.stepSideBySide(executor, executor.concurrency);
    this.cursor++;
    const allowed = this.allows(intent);
    if (typeof allowed !== 'boolean') return this.executeIf(allowed, executor, intent);
    if (allowed && this.isFirst(intent)) return this.execute(executor, intent);
  }

  private async executeIf(
    allowed: PromiseLike<boolean>,
    executor: Executor,
    intent: Intent,
  ): Promise<void> {
    if ((await allowed) && this.isFirst(intent)) await this.execute(executor, intent);
  }

  private execute(executor: Executor, intent: Intent): void | PromiseLike<void> {
    if (executor.successor !== undefined) return this.executeTogether(executor, [intent]);
    const context = new EffectContext(this.unit, intent, this.outer);
    const startedAt = startOf();
    try {
      const completion = runIntent(executor, intent, context, this.flush);
      if (completion !== undefined) return this.executed(completion, context, intent, startedAt);
      // `await` listens one turn later.
      if (context.hasUnheard) return this.executed(Promise.resolve(), context, intent, startedAt);
    } catch (error) {
      recordFailed(this.unit, this.journal, intent, error, startedAt);
      return this.endEffect(context, 'failed');
    }
    this.recordOut(intent, startedAt);
    return this.endEffect(context, 'completed');
  }

  private async executed(
    completion: PromiseLike<unknown>,
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
      return this.endEffect(context, 'failed');
    }
    this.recordOut(intent, startedAt);
    return this.endEffect(context, 'completed');
  }

  private recordOut(intent: Intent, startedAt: number): void {
    // What is written in a transaction is out when that has committed.
    if (this.frame === undefined) recordDispatched(this.unit, this.journal, intent, startedAt);
    else this.journal.dispatched.push(intent);
  }

  /** Consecutive intents of one executor, those that their policies allow, at once. */
  private async stepBatch(executor: Executor): Promise<void> {
    const batch: Intent[] = [];
    for (let intent = this.next(executor); intent !== undefined; intent = this.next(executor)) {
      if (this.hasFailedFast) {
        recordDropped(this.unit, this.journal, intent, 'failFast');
        continue;
      }
      const allowed = this.allows(intent);
      // Not awaited without need: a microtask for each of a thousand is a part of the whole that
      // shows.
      if ((typeof allowed === 'boolean' ? allowed : await allowed) && this.isFirst(intent))
        batch.push(freeze(intent));
    }
    if (batch.length > 0) await this.executeTogether(executor, batch);
  }

  private async executeTogether(executor: Executor, batch: readonly Intent[]): Promise<void> {
    const context = new EffectContext(this.unit, batch[0]!, this.outer);
    const startedAt = startOf();
    this.beginsToWait();
    const { failures, hasCompleted } = await endOfBatch(
      executor,
      Object.freeze(batch),
      context,
      this.flush,
    );
    const written: Intent[] = [];
    for (const intent of batch) {
      if (failures.has(intent))
        recordFailed(this.unit, this.journal, intent, failures.get(intent), startedAt);
      else if (executor.successor !== undefined)
        written.push(asWritten(intent, executor, executor.successor));
      else this.recordOut(intent, startedAt);
    }
    await this.endEffect(context, hasCompleted ? 'completed' : 'failed');
    if (written.length > 0) await this.handOn(written);
  }

  /**
   * Hands what is written down to the executor's successor: in a transaction once that has
   * committed.
   */
  private async handOn(written: readonly Intent[]): Promise<void> {
    if (this.frame !== undefined) append(this.journal.dispatched, written);
    else
      await new Dispatch(
        this.unit,
        this.journal,
        this.outer,
        written,
        undefined,
        this.flush,
        this.tracker,
      ).run();
  }

  /**
   * Consecutive intents of one executor, `width` at a time: begun in the order of their calls, and
   * told in it. Each has a dispatch of its own for what it enqueues and what becomes of it.
   */
  private async stepSideBySide(executor: Executor, width: number): Promise<void> {
    const open = (this.lanes = new Map<Intent, Dispatch>());
    const all: Dispatch[] = [];
    const lanes = new Lanes(width);
    let hasFailedFast = this.hasFailedFast;
    for (let intent = this.next(executor); intent !== undefined; intent = this.next(executor)) {
      const one = intent;
      const lane = this.lane(one);
      all.push(lane);
      if (hasFailedFast) {
        recordDropped(this.unit, lane.journal, one, 'failFast');
        continue;
      }
      open.set(one, lane);
      const allowed = lane.allows(one);
      const isAllowed = typeof allowed === 'boolean' ? allowed : await allowed;
      // While its policies were asked, one that had begun may have failed.
      if (isAllowed && hasFailedFast) recordDropped(this.unit, lane.journal, one, 'failFast');
      const isOut = isAllowed && !hasFailedFast && lane.isFirst(one);
      const full = lanes.add(isOut ? lane.execute(executor, one) : undefined, () => {
        open.delete(one);
        hasFailedFast ||= lane.hasFailedFast;
      });
      if (full !== undefined) await full;
    }
    await lanes.all();
    this.lanes = undefined;
    for (const lane of all) {
      lane.close();
      this.journal.add(lane.journal);
      append(this.journal.deferred, lane.journal.deferred);
    }
  }

  private lane(intent: Intent): Dispatch {
    const { unit, outer, frame, flush, tracker } = this;
    return new Dispatch(unit, new FlushJournal(), outer, [intent], frame, flush, tracker);
  }

  /** Takes the next intent, if it goes to that executor. */
  private next(executor: Executor): Intent | undefined {
    const intent = this.queue[this.cursor];
    if (intent === undefined || stampOf(intent).executor !== executor) return undefined;
    this.cursor++;
    return intent;
  }

  private beginsToWait(): void {
    this.since = performance.now();
  }

  private allows(intent: Intent): boolean | Promise<boolean> {
    if (stampOf(intent).path.gates === undefined) return true;
    const refusal = (this.policies ??= new PolicyAsker(this.unit, this.flush)).ask(intent);
    if (refusal instanceof Promise) return refusal.then((one) => this.isAllowed(intent, one));
    return this.isAllowed(intent, refusal);
  }

  private isAllowed(intent: Intent, refusal: PolicyRefusal | undefined): boolean {
    if (refusal !== undefined) recordRefusal(this.unit, this.journal, intent, refusal);
    return refusal === undefined;
  }

  /**
   * True if no other went out under its key; else it is dropped, or waits for the transaction that
   * decides about the other (rule 6).
   */
  private isFirst(intent: Intent): boolean {
    const { dedupeKey } = stampOf(intent).options;
    if (dedupeKey === undefined) return true;
    const verdict = this.unit.dedupeKeys.use(intent, dedupeKey, this.frame);
    if (verdict === 'first') return true;
    if (verdict === 'duplicate')
      recordDropped(this.unit, this.journal, freeze(intent), 'duplicate');
    else holdUntil(verdict, this.unit, this.journal, intent);
    return false;
  }

  private endEffect(
    context: EffectContext,
    outcome: 'completed' | 'failed',
  ): void | PromiseLike<void> {
    const unit = context.end(outcome);
    this.since = 0;
    this.unfinished = this.cursor;
    if (unit !== undefined) return this.settleEffect(unit, outcome);
  }

  /**
   * Ends the unit that an effect's own calls went into (rule 19): they go out right after it, one
   * level deeper, or are dropped with it.
   */
  private settleEffect(
    unit: UnitOfWork,
    outcome: 'completed' | 'failed',
  ): void | PromiseLike<void> {
    const { journal, outer, flush, tracker } = this;
    unit.close('the end of the effect');
    const intents = unit.take();
    const decision = decide(unit, outcome);
    unit.end(decision);
    for (const error of takeUnheard(unit)) unit.host.logError(error);
    reportOpenTransactions(unit);
    const free = holdBack(unit, journal, dropByOutcome(unit, journal, intents, decision));
    const prompt = holdPatient(unit, journal, free);
    // A shutdown waits for the commit or the answer that those wait for.
    if (!unit.isAtRest) unit.host.unitOpened(unit);
    const running = new Dispatch(unit, journal, outer, prompt, undefined, flush, tracker).run();
    if (!running) return unit.rest();
    return running.then(() => unit.rest());
  }
}
