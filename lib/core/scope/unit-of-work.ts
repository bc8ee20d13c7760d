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

/** Called with a complete report; must not throw. @internal */
export type OnSettled = NonNullable<UnitHost['onSettled']>;

/** The hooks of a scope's opener. @internal */
export interface UnitHooks {
  /** Tells the outcome of work that has thrown. @default 'failed' */
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
  /** The answer that its caller waits for, if any. */
  answer: Answer | undefined;
  /**
   * True if an attempt at its work has failed; in the outermost unit, also for those nested in it.
   */
  hasFailedAttempts = false;
  /**
   * True if an attempt at its work was abandoned; in the outermost unit, also for those nested in
   * it.
   */
  hasAbandoned = false;
  /** True if the buffer may hold calls of an abandoned attempt. */
  holdsAbandoned = false;
  /** Intents that were dropped before the end, since the buffer was full; for the next report. */
  droppedEarly: FlushJournal | undefined;
  /** The reason why all its intents were discarded by hand; undefined if the outcome decided. */
  discardReason: DropReason | undefined;
  /** The reason why its work failed, for the log: the class of the error, or a status. */
  failedBy: string | undefined;
  /** Its outcome; undefined until it has ended. */
  outcome: Outcome | undefined;
  /** Its end, while it waits to see whether somebody listens to refused calls. */
  ending: Promise<FlushReport> | undefined;
  /** The dispatch under way, which the next one waits for (rule 4). */
  dispatching: Promise<void> | undefined;
  /** The cascade of the flush under way; made at the first call by one of its effects. */
  cascade: Cascade | undefined;
  /** Intents that belong to transactions; made at the first call inside one. */
  heldIntents: HeldIntents | undefined;
  /** True once its report is complete; ends that come later have reports of their own. */
  isReported = false;
  /** Told of effects that fail after their scope has ended. @default they are logged */
  onLateFailure: ((journal: FlushJournal) => Promise<void>) | undefined;
  unheard: HasRefusals['unheard'] = undefined;
  /** The one `EffectScope` of this unit, made when it is first asked for. */
  handle: object | undefined;
  /**
   * The inspector's record of it. A `WeakMap` of the records would cost a quarter of a request's
   * time.
   */
  record: object | undefined;

  /** May change while it runs: the handler of a request is known after its middlewares. */
  name: string | undefined;
  readonly parent: UnitOfWork | undefined;
  /** The outermost unit that it is nested in; itself if there is none. */
  readonly top: UnitOfWork;
  /** The policies of calls that its effects make. May become narrower while it runs. */
  chain: PolicyChain;
  readonly executor: Executor;
  readonly hooks: UnitHooks | undefined;
  readonly failFast: boolean;
  readonly level: CascadeLevel<UnitOfWork> | undefined;
  readonly buffer = new IntentBuffer();
  private keys: DedupeKeys | undefined;
  /** Made when there is something to wait for. */
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

  /** Tells the outcome of work that has thrown: its opener decides, or that of a unit around it. */
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

  /** @param effect the one that was called; undefined if the scope itself was entered again */
  closedError(effect: string | undefined): ScopeClosedError {
    return new ScopeClosedError(effect, this.label, this.state, this.closedBy);
  }

  nextSequence(): number {
    return this.sequence++;
  }

  /**
   * The keys of the whole tree of scopes, whose outermost decides (rule 15); made when the first
   * intent with a key is let out.
   */
  get dedupeKeys(): DedupeKeys {
    return (this.top.keys ??= new DedupeKeys());
  }

  get isFull(): boolean {
    return this.buffer.length >= this.host.maxEffectsPerScope;
  }

  add(intent: Intent): void {
    // Something that an ended attempt has left running may be the first to call an effect.
    const { attempt } = stampOf(intent);
    if (attempt?.hasFailed === true) this.noteFailedAttempt();
    if (attempt?.isAbandoned === true) this.noteAbandonedAttempt();
    this.buffer.add(intent);
  }

  /** @param reason the class of the error, if it is known */
  noteFailedAttempt(reason?: string): void {
    this.hasFailedAttempts = this.top.hasFailedAttempts = true;
    this.failedBy = reason ?? this.failedBy;
  }

  noteAbandonedAttempt(): void {
    this.hasAbandoned = this.top.hasAbandoned = this.holdsAbandoned = true;
  }

  /**
   * Takes over what a nested scope hands up. The limit of the buffer holds only for calls: nothing
   * may be lost here.
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

  /**
   * Takes no more calls.
   *
   * @param closedAt says what closed it, or is an `Error` whose stack shows it
   */
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

  /** Notes a transaction that was begun in it. */
  transactionOpened(transaction: StampedFrame): void {
    (this.pendingWork.transactions ??= new Set()).add(transaction);
  }

  transactionEnded(transaction: StampedFrame): void {
    this.work?.transactions?.delete(transaction);
  }

  /** Transactions that were begun in it and have not ended; undefined if none ever was. */
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

  /** Intents that wait for the answer, or are dispatched after it and have not ended. */
  get unanswered(): Set<Unanswered> {
    return (this.pendingWork.unanswered ??= new Set());
  }

  /** Resolves when intents that wait for the answer have ended; undefined if none do. */
  get answering(): Promise<void> | undefined {
    return this.work?.answering;
  }

  private get pendingWork(): PendingWork {
    return (this.work ??= new PendingWork(this));
  }

  /** True if no intent that it let out runs, or waits for a commit or for the answer. */
  get isAtRest(): boolean {
    return (
      this.dispatching === undefined &&
      !this.heldIntents?.deferred.length &&
      !this.work?.unanswered?.size
    );
  }

  /** Tells its host and listeners if it has ended and waits for nothing any more. */
  tellIfAtRest(): void {
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
