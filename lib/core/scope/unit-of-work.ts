import { randomUUID } from 'node:crypto';
import { ScopeClosedError } from '../../errors/scope-closed.error.js';
import type { Cascade, CascadeLevel } from './cascade-level.js';
import { DedupeKeys } from './dedupe-keys.js';
import { IntentBuffer } from './intent-buffer.js';
import {
  type Answer,
  type HeldIntents,
  type InFlight,
  PendingWork,
  type Unanswered,
} from './pending-work.js';
import type { HostOf } from './unit-host.js';
import { UnitView, viewedBy } from './unit-view.js';
import { isHeard, publish, type ScopeEvent } from '../model/diagnostics.js';
import type { DropReason, FlushJournal, FlushReport } from '../model/report.js';
import type { Executor } from '../model/executor.js';
import { type Birthplace, freeze, type Intent, stampOf } from '../model/intent.js';
import type { PolicyChain } from './policy-chain.js';
import type { HasRefusals } from '../model/refusal.js';
import type { Decision, Outcome, ScopeState, ScopeView } from '../model/scope-view.js';
import type { EffectUnderWay } from './slow-flush.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/** The application of a unit of work. @internal */
export type UnitHost = HostOf<UnitOfWork>;

/** Told of a report, complete by then; must not throw. @internal */
export type OnSettled = NonNullable<UnitHost['onSettled']>;

/** The hooks of a scope's opener. @internal */
export interface UnitHooks {
  /** Tells what an error means by which work steers whoever has called it. @default 'failed' */
  outcomeOf?(error: unknown): Outcome;
  shouldFlush?(outcome: Outcome, unit: UnitOfWork): boolean;
  beforeDescendantFlushes?(exiting: UnitOfWork, intents: readonly Intent[]): readonly Intent[];
}

interface UnitSettings {
  readonly name?: string | undefined;
  readonly parent?: UnitOfWork | undefined;
  readonly chain: PolicyChain;
  readonly executor: Executor;
  readonly hooks?: UnitHooks | undefined;
  readonly failFast?: boolean | undefined;
  readonly level?: CascadeLevel<UnitOfWork> | undefined;
}

/**
 * The buffer of one unit of work, with its place among the others. A handle (`EffectScope`) belongs
 * to whoever opened it; code inside only ever sees a `ScopeView`.
 *
 * @internal
 */
export class UnitOfWork implements Birthplace, HasRefusals {
  state: ScopeState = 'open';
  /** The answer that its caller waits for, where one does. */
  answer: Answer | undefined;
  /** True if an attempt at its work has failed; of the outermost unit, whether one has in it. */
  hasFailedAttempts = false;
  /**
   * True if an attempt at its work was abandoned; of the outermost unit, whether one was anywhere
   * in it.
   */
  hasAbandoned = false;
  /** True if the buffer may hold something of such an attempt. */
  holdsAbandoned = false;
  /**
   * Intents that were dropped before the end, since the buffer was full; the next report says so.
   */
  givenUp: FlushJournal | undefined;
  /**
   * The reason why all of it was thrown away, whatever it waited for; undefined where the outcome
   * decided.
   */
  thrownAway: DropReason | undefined;
  /** The class of the error that its work failed with, or what else says why, for the log. */
  failedBy: string | undefined;
  /** Its outcome; undefined until it has ended. */
  outcome: Outcome | undefined;
  /** An end that waits for those who listen to refused calls in it. */
  ending: Promise<FlushReport> | undefined;
  /** The dispatch under way, which the next one waits for (rule 4). */
  dispatching: Promise<void> | undefined;
  /** The cascade of the flush under way; made at the first call that one of its effects makes. */
  cascade: Cascade | undefined;
  /** Intents that belong to transactions; made at the first call inside one. */
  heldIntents: HeldIntents | undefined;
  /** True once its report is complete; later decisions are told by themselves. */
  isReported = false;
  /** Told of effects that fail after their scope has ended. @default they are logged */
  onLateFailure: ((journal: FlushJournal) => Promise<void>) | undefined;
  unheard: HasRefusals['unheard'] = undefined;
  /** The one `EffectScope` of this unit, made when it is first asked for. */
  handle: object | undefined;
  /** Record that the inspector keeps of it: a `WeakMap` of them would cost a request a quarter. */
  record: object | undefined;

  /**
   * May become more exact while it runs: the handler of a request is known after its middlewares.
   */
  name: string | undefined;
  readonly parent: UnitOfWork | undefined;
  /** The outermost of those it is nested in; itself where it is in none. */
  readonly top: UnitOfWork;
  /** The policies of what its effects call in their turn. May become narrower while it runs. */
  chain: PolicyChain;
  readonly executor: Executor;
  readonly hooks: UnitHooks | undefined;
  readonly failFast: boolean;
  readonly level: CascadeLevel<UnitOfWork> | undefined;
  readonly buffer = new IntentBuffer();
  private keys: DedupeKeys | undefined;
  /** Made with the first of it. */
  private work: PendingWork | undefined;
  private sequence = 0;
  private readonly openedAt = performance.now();
  private isSettled = false;
  private closedAt: string | Error = '';
  private knownId: string | undefined;
  private knownView: ScopeView | undefined;

  constructor(
    readonly host: UnitHost,
    settings: UnitSettings,
  ) {
    this.name = settings.name;
    this.parent = settings.parent;
    this.top = settings.parent?.top ?? this;
    this.chain = settings.chain;
    this.executor = settings.executor;
    this.hooks = settings.hooks;
    this.failFast = settings.failFast ?? false;
    this.level = settings.level;
    if (isHeard.scope(this.host)) publish(this.host, 'scope', { scope: this.view, reason: 'open' });
  }

  get id(): string {
    return (this.knownId ??= randomUUID());
  }

  get label(): string {
    return this.name ?? this.id;
  }

  get view(): ScopeView {
    return (this.knownView ??= new UnitView(this));
  }

  /** Tells the outcome of work that has thrown, as whoever opened it or one around it says. */
  outcomeOf(error: unknown): Outcome {
    return this.hooks?.outcomeOf?.(error) ?? this.parent?.outcomeOf(error) ?? 'failed';
  }

  get isEnded(): boolean {
    return this.state === 'flushed' || this.state === 'discarded';
  }

  assertOpen(effect: string | undefined): void {
    if (this.state === 'open') return;
    throw this.closedError(effect);
  }

  /** @param effect what was called, or `undefined` where the scope itself was entered again */
  closedError(effect: string | undefined): ScopeClosedError {
    return new ScopeClosedError(effect, this.label, this.state, this.closedBy);
  }

  nextSequence(): number {
    return this.sequence++;
  }

  /**
   * One for the whole tree of scopes, whose outermost decides (rule 15); made when the first intent
   * with a key is let out.
   */
  get dedupeKeys(): DedupeKeys {
    return (this.top.keys ??= new DedupeKeys());
  }

  get isFull(): boolean {
    return this.buffer.length >= this.host.maxEffectsPerScope;
  }

  add(intent: Intent): void {
    // What an attempt has left running may be the first to call an effect.
    const { attempt } = stampOf(intent);
    if (attempt?.hasFailed === true) this.hasFailedIn();
    if (attempt?.isAbandoned === true) this.hasGivenUp();
    this.buffer.add(intent);
  }

  /** An attempt at its work has failed. @param reason the class of the error, where it is known */
  hasFailedIn(reason?: string): void {
    this.hasFailedAttempts = this.top.hasFailedAttempts = true;
    this.failedBy = reason ?? this.failedBy;
  }

  /** An attempt at its work was abandoned. */
  hasGivenUp(): void {
    this.hasAbandoned = this.top.hasAbandoned = this.holdsAbandoned = true;
  }

  /**
   * Takes over what a nested scope hands up. Never refused: the limit holds for calls, and nothing
   * may be lost.
   */
  capture(intents: readonly Intent[], from: UnitOfWork): void {
    if (intents.length > 0)
      this.buffer.addAll(intents, from.buffer, from.heldIntents !== undefined);
  }

  snapshot(which: 'all' | 'own' | 'captured' = 'all'): readonly Intent[] {
    const buffered = this.buffer.all;
    const all = this.hasAbandoned
      ? buffered.filter((intent) => stampOf(intent).attempt?.isAbandoned !== true)
      : buffered;
    const chosen =
      which === 'all'
        ? all.slice()
        : all.filter((intent) => (stampOf(intent).birthplace === this) === (which === 'own'));
    return Object.freeze(chosen.map(freeze));
  }

  /** No more calls. `closedAt` says what closed it, or is an `Error` whose stack shows where. */
  close(closedAt: string | Error): void {
    this.state = 'closed';
    this.closedAt = closedAt;
  }

  end({ outcome, flushes }: Decision): void {
    const state = flushes ? 'flushed' : 'discarded';
    this.state = state;
    this.outcome = outcome;
    this.publish(state);
  }

  /** A transaction was begun in it. */
  transactionOpened(transaction: StampedFrame): void {
    (this.pendingWork.transactions ??= new Set()).add(transaction);
  }

  transactionEnded(transaction: StampedFrame): void {
    this.work?.transactions?.delete(transaction);
  }

  /** Transactions that were begun in it and have not ended; undefined where none ever was. */
  get openTransactions(): ReadonlySet<StampedFrame> | undefined {
    return this.work?.transactions;
  }

  track(work: InFlight): void {
    this.pendingWork.track(work);
  }

  untrack(work: InFlight): void {
    this.work?.untrack(work);
  }

  /** The effects that it runs right now, cascades included. */
  get underWay(): readonly EffectUnderWay[] {
    return this.work?.underWay ?? [];
  }

  /** Intents that were taken out of the buffer and have not ended yet. */
  pending(): readonly Intent[] {
    return [
      ...(this.work?.remaining ?? []),
      ...(this.heldIntents?.deferred ?? []),
      ...(this.work?.waitingForAnswer ?? []),
    ];
  }

  /** Intents that wait for the answer, or went out after it and have not ended. */
  get unanswered(): Set<Unanswered> {
    return (this.pendingWork.unanswered ??= new Set());
  }

  /** Resolves when what waits for the answer has ended; undefined where nothing does. */
  get answering(): Promise<void> | undefined {
    return this.work?.answering;
  }

  private get pendingWork(): PendingWork {
    return (this.work ??= new PendingWork(this));
  }

  /**
   * True if nothing that it let out is still to end: what runs, what waits for a commit or for the
   * answer.
   */
  get isAtRest(): boolean {
    return (
      this.dispatching === undefined &&
      !this.heldIntents?.deferred.length &&
      !this.work?.unanswered?.size
    );
  }

  /** Tells its host, and whoever listens, where it has ended and nothing is left to do. */
  rest(): void {
    if (!this.isEnded || !this.isAtRest) return;
    this.answer = undefined;
    this.host.running.unitEnded(this);
    if (this.isSettled) return;
    this.isSettled = true;
    this.publish('settled');
  }

  /** Milliseconds since it was opened. */
  get ageMs(): number {
    return performance.now() - this.openedAt;
  }

  private publish(reason: ScopeEvent): void {
    if (isHeard.scope(this.host))
      publish(this.host, 'scope', { scope: this.view, reason, durationMs: this.ageMs });
  }

  /** The nearest ancestor that has not ended yet and so still decides (rules 15 and 17). */
  heir(): UnitOfWork | undefined {
    let unit = this.parent;
    while (unit?.isEnded) unit = unit.parent;
    return unit;
  }

  private get closedBy(): string {
    return typeof this.closedAt === 'string'
      ? this.closedAt
      : (this.closedAt.stack ?? this.closedAt.message);
  }
}

/** The unit that a view shows; undefined for one that another installed copy has made. @internal */
export function unitOf(view: ScopeView): UnitOfWork | undefined {
  return viewedBy(view) as UnitOfWork | undefined;
}
