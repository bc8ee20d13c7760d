import { asWritten } from './as-written.js';
import { endOfBatch } from './batch.js';
import { append } from '../model/append.js';
import type { Context } from '../scope/context.js';
import { EffectContext } from '../scope/effect-context.js';
import { type ExecutorOverride, executorOverrides } from '../scope/executor-override.js';
import { recordDispatched, recordFailed, isTimed } from '../scope/journal.js';
import type { InFlight } from '../scope/pending-work.js';
import type { EffectUnderWay } from '../scope/slow-flush.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { endEffect } from './end-effect.js';
import { Gate } from './gate.js';
import { runIntent } from './run-intent.js';
import type { Executor } from '../model/executor.js';
import { freeze, type Intent, stampOf } from '../model/intent.js';
import { FlushJournal } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/** The flush that a pass is part of, cascades included. */
interface Flush {
  /** Identity of the flush, for policies and executors. */
  readonly id: object;
  /** The context around the scope that flushes. */
  readonly outer: Context | undefined;
  /** The unit that waits for it. */
  readonly tracker: UnitOfWork;
}

/**
 * One pass over intents that the outcome let out: through the gate, then to their executors, first
 * in first out, each awaited before the next. Synchronous as long as policies and effects are.
 *
 * @internal
 */
export class Pass implements InFlight {
  private cursor = 0;
  /** Index of the first intent that has not ended. Those between it and the cursor are running. */
  private unfinished = 0;
  private readonly executorOverride: ExecutorOverride | undefined;
  /** True if a listener is told how long effects take. */
  private readonly isTimed: boolean;
  /** Time at which the running effect began; 0 while none runs. */
  private since = 0;
  /** Intents that run side by side, each in a pass of its own. */
  private sideBySide: Set<Pass> | undefined = undefined;

  /** @param frame the transaction whose connection intents are written through, if any */
  constructor(
    private readonly unit: UnitOfWork,
    private readonly journal: FlushJournal,
    private readonly queue: readonly Intent[],
    private readonly flush: Flush,
    private readonly frame?: StampedFrame,
    private readonly gate = new Gate(unit, journal, flush.id, frame),
  ) {
    this.executorOverride = executorOverrides.getStore() ?? unit.host.executorOverride;
    this.isTimed = isTimed(unit.host);
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
    this.flush.tracker.track(this);
    await step;
    this.unfinished = this.cursor;
    while (this.cursor < this.queue.length) {
      await this.step();
      this.unfinished = this.cursor;
    }
    this.close();
  }

  private close(): void {
    this.flush.tracker.untrack(this);
    this.gate.close();
  }

  remaining(): readonly Intent[] {
    if (this.sideBySide === undefined) return this.queue.slice(this.unfinished);
    return [
      ...[...this.sideBySide].flatMap((pass) => pass.remaining()),
      ...this.queue.slice(this.cursor),
    ];
  }

  get underWay(): readonly EffectUnderWay[] {
    if (this.sideBySide !== undefined) return [...this.sideBySide].flatMap((pass) => pass.underWay);
    const running = this.queue[this.unfinished];
    return running === undefined ? [] : [{ name: running.name, since: this.since }];
  }

  // Kept free of closures: one that captures an intent would cost every effect an allocation,
  // asynchronous or not.
  private step(): void | PromiseLike<void> {
    const intent = this.queue[this.cursor]!;
    let { executor } = stampOf(intent);
    if (this.executorOverride !== undefined)
      executor = this.executorOverride(freeze(intent), executor);
    else if (executor.executeBatch !== undefined) return this.stepBatch(executor);
    else if (executor.concurrency !== undefined && executor.concurrency > 1)
      return this.stepSideBySide(executor, executor.concurrency);
    this.cursor++;
    const passes = this.gate.passes(intent);
    if (typeof passes !== 'boolean') return this.executeIf(passes, executor, intent);
    if (passes) return this.execute(executor, intent);
  }

  private async executeIf(
    passes: PromiseLike<boolean>,
    executor: Executor,
    intent: Intent,
  ): Promise<void> {
    if (await passes) await this.execute(executor, intent);
  }

  private execute(executor: Executor, intent: Intent): void | PromiseLike<void> {
    if (executor.successor !== undefined) return this.executeTogether(executor, [intent]);
    const context = new EffectContext(this.unit, intent, this.flush.outer);
    const startedAt = this.isTimed ? performance.now() : 0;
    try {
      const completion = runIntent(executor, intent, context, this.flush.id);
      if (completion !== undefined) return this.awaitEnd(completion, context, intent, startedAt);
      // `await` listens one turn later.
      if (context.hasUnheard) return this.awaitEnd(Promise.resolve(), context, intent, startedAt);
    } catch (error) {
      recordFailed(this.unit, this.journal, intent, error, startedAt);
      return this.endEffect(context, 'failed');
    }
    this.recordOut(intent, startedAt);
    return this.endEffect(context, 'completed');
  }

  private async awaitEnd(
    completion: PromiseLike<unknown>,
    context: EffectContext,
    intent: Intent,
    startedAt: number,
  ): Promise<void> {
    this.noteBegin();
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
    // An intent that is written in a transaction is out when that has committed.
    if (this.frame === undefined) recordDispatched(this.unit, this.journal, intent, startedAt);
    else this.journal.dispatched.push(intent);
  }

  /** Runs consecutive intents of one executor at once, those that pass the gate. */
  private async stepBatch(executor: Executor): Promise<void> {
    const batch: Intent[] = [];
    for (let intent = this.next(executor); intent !== undefined; intent = this.next(executor)) {
      const passes = this.gate.passes(intent);
      // A boolean is not awaited: a microtask for each of a thousand intents can be measured.
      if (typeof passes === 'boolean' ? passes : await passes) batch.push(freeze(intent));
    }
    if (batch.length > 0) await this.executeTogether(executor, batch);
  }

  private async executeTogether(executor: Executor, batch: readonly Intent[]): Promise<void> {
    const context = new EffectContext(this.unit, batch[0]!, this.flush.outer);
    const startedAt = this.isTimed ? performance.now() : 0;
    this.noteBegin();
    const { failures, hasCompleted } = await endOfBatch(
      executor,
      Object.freeze(batch),
      context,
      this.flush.id,
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
   * Hands intents that are written down to the executor's successor; those of a transaction go on
   * after its COMMIT.
   */
  private async handOn(written: readonly Intent[]): Promise<void> {
    if (this.frame !== undefined) append(this.journal.dispatched, written);
    else await new Pass(this.unit, this.journal, written, this.flush).run();
  }

  /**
   * Runs consecutive intents of one executor, several at a time: they begin in the order of their
   * calls, and are reported in it.
   */
  private async stepSideBySide(executor: Executor, concurrency: number): Promise<void> {
    const { unit, flush, frame, gate } = this;
    const running = (this.sideBySide = new Set<Pass>());
    const journals: FlushJournal[] = [];
    const limit = new ConcurrencyLimit(concurrency);
    for (let intent = this.next(executor); intent !== undefined; intent = this.next(executor)) {
      const journal = new FlushJournal();
      journals.push(journal);
      const pass = new Pass(unit, journal, [intent], flush, frame, gate);
      running.add(pass);
      const passes = gate.passes(intent, journal);
      const isOut = typeof passes === 'boolean' ? passes : await passes;
      const work = isOut ? pass.execute(executor, pass.next(executor)!) : undefined;
      const room = limit.add(work, () => {
        running.delete(pass);
        gate.note(journal.failed);
      });
      if (room !== undefined) await room;
    }
    await limit.all();
    this.sideBySide = undefined;
    for (const journal of journals) {
      this.journal.add(journal);
      append(this.journal.deferred, journal.deferred);
    }
  }

  /** Takes the next intent, if it goes to that executor. */
  private next(executor: Executor): Intent | undefined {
    const intent = this.queue[this.cursor];
    if (intent === undefined || stampOf(intent).executor !== executor) return undefined;
    this.cursor++;
    return intent;
  }

  private noteBegin(): void {
    this.since = performance.now();
  }

  /** Ends an effect, and dispatches the calls that it has made itself right after it. */
  private endEffect(
    context: EffectContext,
    outcome: 'completed' | 'failed',
  ): void | PromiseLike<void> {
    const unit = context.end(outcome);
    this.since = 0;
    this.unfinished = this.cursor;
    if (unit === undefined) return;
    const calls = endEffect(unit, this.journal, outcome);
    const running = new Pass(unit, this.journal, calls, this.flush).run();
    if (!running) return unit.tellIfAtRest();
    return running.then(() => unit.tellIfAtRest());
  }
}
