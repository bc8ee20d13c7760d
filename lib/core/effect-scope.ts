import { type Context, contexts, ScopeContext } from './scope/context.js';
import { isWithinEffectOf } from './scope/effect-context.js';
import type { Outcome } from './model/scope-view.js';
import type { Intent } from './model/intent.js';
import { covered } from './scope/coverage.js';
import type { DropReason, FlushReport } from './model/report.js';
import type { ScopeState, ScopeView } from './model/scope-view.js';
import { endUnit, flushUnit } from './flush/end-unit.js';
import { discardAll, settleSoFar } from './flush/settle.js';
import { type TransactionFrame } from './frame/transaction-frame.js';
import { apartFrom } from './frame/current-frame.js';
import { cannotBecome, isNested, wouldWaitForItself } from './scope-refusals.js';
import type { Answer } from './scope/pending-work.js';
import type { UnitOfWork } from './scope/unit-of-work.js';

/**
 * The handle of whoever opened a scope: enter it, close it, then end it once. Code inside never
 * gets it.
 *
 * @publicApi
 */
export class EffectScope implements ScopeView {
  readonly #unit: UnitOfWork;
  readonly #context: Context;
  readonly #left: TransactionFrame | undefined;

  /**
   * @param left a rolled back transaction whose context the caller still has; the scope begins
   *   outside of it (rule 21)
   * @internal Use `AirlockService.open` or `openScope`.
   */
  constructor(unit: UnitOfWork, context: Context, left?: TransactionFrame) {
    this.#unit = unit;
    this.#context = context;
    this.#left = left;
  }

  get id(): string {
    return this.#unit.id;
  }
  get name(): string {
    return this.#unit.view.name as string;
  }
  get parent(): ScopeView {
    return this.#unit.view.parent as ScopeView;
  }
  get state(): ScopeState {
    return this.#unit.state;
  }
  get intents(): readonly Intent[] {
    return this.#unit.snapshot();
  }
  get ownIntents(): readonly Intent[] {
    return this.#unit.snapshot('own');
  }
  get capturedIntents(): readonly Intent[] {
    return this.#unit.snapshot('captured');
  }

  /**
   * Runs `fn` inside the scope, without ending it. May be called several times. What `fn` returns
   * is run inside as well: a query when it is awaited, an Observable when it is subscribed to.
   *
   * @throws ScopeClosedError once the scope is closed
   */
  run<R>(fn: () => R): R {
    return covered((work) => this.enter(work), fn);
  }

  /**
   * `run` without covering the result: for work that has begun when `fn` returns, or that the
   * caller ends.
   * @internal
   */
  enter<R>(fn: () => R): R {
    this.#unit.assertOpen(undefined);
    // Calls in a policy stay refused, even if the policy holds a handle (rule 13).
    const evaluation = contexts.getStore()?.evaluation;
    if (evaluation?.isActive !== true) return this.#enter(this.#context, fn);
    const { host, chain, outer } = this.#context;
    return this.#enter(new ScopeContext(host, this.#unit, chain, outer, evaluation), fn);
  }

  #enter<R>(context: Context, fn: () => R): R {
    if (this.#left === undefined) return contexts.run(context, fn);
    return apartFrom(this.#left, () => contexts.run(context, fn));
  }

  /**
   * Takes no more calls: from here on they are late, and the log shows where this was called.
   *
   * @throws ScopeStateError if it is not open
   */
  close(): void {
    this.#expect('open', 'closed');
    this.closeBy(new Error('close()'));
  }

  /** @internal */
  closeBy(closedAt: string | Error): void {
    this.#unit.close(closedAt);
  }

  /**
   * Lets out what the policies allow, or hands everything to the enclosing scope. Failures are in
   * the report, not thrown.
   *
   * @throws ScopeStateError if it is not closed yet, or has ended; the error of a refused call that
   * nobody has listened to, which makes it `failed`
   */
  async flush(): Promise<FlushReport> {
    this.#expect('closed', 'flushed');
    this.#expectNotToWaitForItself('flush');
    return flushUnit(this.#unit, this.#context.outer);
  }

  /**
   * Drops every intent, also those for failure, and returns them.
   *
   * @throws ScopeStateError if it is not closed yet, or has ended
   */
  discard(): readonly Intent[] {
    this.#expect('closed', 'discarded');
    return discardAll(this.#unit, 'discarded');
  }

  /** To be called before it is ended, if its caller waits for an answer. @internal */
  answeredBy(answer: Answer): void {
    this.#unit.answer = answer;
  }

  /** @internal */
  dropAll(reason: DropReason): void {
    discardAll(this.#unit, reason);
  }

  /**
   * Ends the scope as its outcome says: `shouldFlush` decides about ordinary intents, and those
   * enqueued with `on: 'failure'` or `'always'` go out on that outcome. Closes the scope first, if
   * it is open.
   *
   * @throws ScopeStateError if it has ended; whatever `shouldFlush` throws, after everything
   *   ordinary was dropped; the error of a refused call that nobody has listened to, which makes it
   *   `failed`
   */
  async end(outcome: Outcome): Promise<FlushReport> {
    this.#expect(this.#unit.state === 'open' ? 'open' : 'closed', 'ended');
    this.#expectNotToWaitForItself('end');
    return this.endAt(outcome, new Error('end()'));
  }

  /** @internal */
  outcomeOf(error: unknown): Outcome {
    return this.#unit.outcomeOf(error);
  }

  /** @internal */
  failedBy(reason: string): void {
    this.#unit.failedBy = reason;
  }

  /** @internal */
  get hasEnded(): boolean {
    return this.#unit.isEnded;
  }

  /** The dispatch that is under way. @internal */
  get dispatching(): Promise<void> | undefined {
    return this.#unit.dispatching;
  }

  /**
   * `end` for boundaries, which say what closes the scope. Synchronous if no effect is
   * asynchronous.
   *
   * @param onLateFailure told of effects that fail after a commit that comes later
   * @param onHookFailure told what `shouldFlush` throws. @default it is thrown
   * @internal
   */
  endAt(
    outcome: Outcome,
    closedAt: string | Error,
    onLateFailure?: (report: FlushReport) => Promise<void>,
    onHookFailure?: (error: unknown) => void,
  ): FlushReport | Promise<FlushReport> {
    this.#unit.onLateFailure = onLateFailure;
    if (this.#unit.state === 'open') this.#unit.close(closedAt);
    return endUnit(this.#unit, outcome, this.#context.outer, onHookFailure);
  }

  /**
   * Dispatches what is buffered so far, and goes on. For root scopes. Intents for failure stay;
   * concurrent checkpoints keep the order of their calls.
   *
   * @throws ScopeStateError if it is nested, since the outermost scope decides, or not open, or
   *   called in one of its own effects
   */
  async checkpoint(): Promise<FlushReport> {
    this.#expect('open', 'checkpointed');
    this.#expectNotToWaitForItself('checkpoint');
    if (this.#unit.parent !== undefined) throw isNested(this.#unit, this.#unit.parent);
    return settleSoFar(this.#unit, this.#context.outer);
  }

  #expectNotToWaitForItself(method: string): void {
    if (isWithinEffectOf(this.#unit)) throw wouldWaitForItself(this.#unit, method);
  }

  #expect(expected: ScopeState, becoming: string): void {
    if (this.#unit.state !== expected) throw cannotBecome(this.#unit, becoming);
  }
}
