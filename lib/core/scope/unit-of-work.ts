import type { ContextCarrier } from '../model/context-carrier.js';
import { randomUUID } from 'node:crypto';
import { ScopeClosedError } from '../../errors/scope-closed.error.js';
import { DedupeKeys, FullBuffer } from './dedupe-keys.js';
import { channels, publish } from '../model/diagnostics.js';
import type { DropReason, FlushJournal } from '../model/report.js';
import type { Effect, EnqueueOptions } from '../model/enqueue-options.js';
import type { PolicyRef, Policy } from '../model/policy.js';
import type { Executor } from '../model/executor.js';
import type { Outcome } from '../model/scope-view.js';
import type { Birthplace, Intent } from '../model/intent.js';
import { freeze, stampOf } from '../model/intent.js';
import type { ExecutorOverride } from './executor-override.js';
import type { PolicyChain } from './policy-chain.js';
import type { HasRefusals } from '../model/refusal.js';
import type { ScopeState, ScopeView } from '../model/scope-view.js';
import { type EffectUnderWay, SlowFlush } from './slow-flush.js';
import type { FrameParticipant, StampedFrame } from '../model/stamped-frame.js';

/** What a unit of work asks of the application it belongs to. @internal */
export interface UnitHost {
  readonly maxEffectsPerScope: number;
  readonly maxCascadeDepth: number;
  readonly flushesOnCancel: boolean;
  readonly executorOverride: ExecutorOverride | undefined;
  readonly effectTimeoutMs: number | false;
  /** What carries values from the calls of effects to their runs. */
  readonly carriers: readonly ContextCarrier[];
  /** After how many milliseconds a flush is slow; undefined where nobody wants to know. */
  readonly slowFlushMs: number | undefined;
  /** The names of effects that were named as slow. */
  readonly knownAsSlow: Set<string>;
  /** What becomes of a call made outside a scope. */
  outsideScope(context: object, options: EnqueueOptions, effect: Effect, args: unknown[]): void;
  /** What becomes of a call made after its scope ended; `error` shows where that was. */
  lateCall(
    error: ScopeClosedError,
    context: object,
    unit: UnitOfWork,
    options: EnqueueOptions,
    effect: Effect,
    args: unknown[],
  ): void;
  executorNamed(name: string): Executor;
  /** @param on what names them, which is where classes are looked up from */
  policiesOf(ref: PolicyRef | readonly PolicyRef[] | undefined, on?: object): readonly Policy[];
  /** An error that no caller is left to see. */
  logError(error: unknown): void;
  warn(message: string): void;
  /** Lets out what nothing holds back any more; inside a transaction where one is given. */
  dispatch(
    unit: UnitOfWork,
    journal: FlushJournal,
    queue: readonly Intent[],
    frame?: StampedFrame,
  ): void | Promise<void>;
  unitOpened(unit: UnitOfWork): void;
  unitEnded(unit: UnitOfWork): void;
}

/** What a unit holds that belongs to transactions. @internal */
export interface HeldIntents extends FrameParticipant {
  /** Let out by the outcome, waiting for a commit (rule 22). */
  readonly deferred: readonly Intent[];
  /** What transactions have decided and no report has said yet. */
  readonly settled: FlushJournal;
}

/** The answer that the caller of a unit of work waits for. @internal */
export interface Answer {
  readonly isGiven: boolean;
  /** Calls `fn` once: at once where it is given already, or never will be. */
  onceGiven(fn: () => void): void;
}

/** What is let out and waits for the answer. @internal */
export interface Unanswered {
  readonly intents: readonly Intent[];
  /** Resolves when it has ended. */
  readonly rested: Promise<void>;
}

/** Something that is letting intents out. @internal */
export interface InFlight {
  remaining(): readonly Intent[];
  readonly underWay: readonly EffectUnderWay[];
}

/** What the opener of a scope may decide about it. @internal */
export interface UnitHooks {
  shouldFlush?(outcome: Outcome, unit: UnitOfWork): boolean;
  beforeDescendantFlushes?(exiting: UnitOfWork, intents: readonly Intent[]): readonly Intent[];
}

/** How deep in a cascade a unit works: 0 for what a user's code opened. @internal */
export interface CascadeLevel {
  readonly depth: number;
  /** The name of the effect that this is the level of. */
  readonly effect: string;
  /** Where that effect was called; undefined for one of a user's code. */
  readonly above: CascadeLevel | undefined;
  /** The unit that is letting the first of them out. */
  readonly origin: UnitOfWork;
  readonly cascade: Cascade;
}

/** All that the effects of one flush call in their turn. @internal */
export interface Cascade {
  calls: number;
}

/** The effects that led to a call, outermost first, and that one. @internal */
export function chainTo(level: CascadeLevel, effect: string): readonly string[] {
  const chain = [effect];
  for (let at: CascadeLevel | undefined = level; at !== undefined; at = at.above) chain.push(at.effect);
  return chain.reverse();
}

/** @internal */
export interface UnitSettings {
  readonly name?: string | undefined;
  readonly parent?: UnitOfWork | undefined;
  readonly chain: PolicyChain;
  readonly executor: Executor;
  readonly hooks?: UnitHooks | undefined;
  readonly failFast?: boolean | undefined;
  readonly level?: CascadeLevel | undefined;
}

/**
 * The buffer of one unit of work, with its place among the others. A handle (`EffectScope`) belongs to whoever opened it;
 * code inside only ever sees a `ScopeView`.
 *
 * @internal
 */
export class UnitOfWork implements Birthplace, HasRefusals {
  state: ScopeState = 'open';
  /** Whether any intent waits for something else than success. */
  hasTriggers = false;
  /** Whether any intent is not to hold up the answer. */
  hasPatient = false;
  /** Set by whoever opened it for a caller that waits. */
  answer: Answer | undefined;
  /** Whether an attempt at its work was abandoned; of the outermost unit, whether one was anywhere in it. */
  hasAbandoned = false;
  /** Whether the buffer may hold something of such an attempt. */
  holdsAbandoned = false;
  /** What of it was dropped before the end, since the buffer was full; the next report says so. */
  givenUp: FlushJournal | undefined;
  /** Why all of it was thrown away, whatever it waited for; undefined where the outcome decided. */
  thrownAway: DropReason | undefined;
  /** How it ended; undefined until then. */
  outcome: Outcome | undefined;
  /** The dispatch under way, which the next one waits for (rule 4). */
  dispatching: Promise<void> | undefined;
  /** Of the flush under way; made at the first call that one of its effects makes. */
  cascade: Cascade | undefined;
  /** Made at the first call inside a transaction. */
  heldIntents: HeldIntents | undefined;
  /** What is done with effects that fail after their scope has ended. @default reported */
  onLateFailure: ((journal: FlushJournal) => Promise<void>) | undefined;
  unheard: HasRefusals['unheard'] = undefined;
  /** The one `EffectScope` of this unit, made when it is first asked for. */
  handle: object | undefined;

  /** May become more exact while it runs: the handler of a request is known after its middlewares. */
  name: string | undefined;
  readonly parent: UnitOfWork | undefined;
  /** The outermost of those it is nested in; itself where it is in none. */
  readonly top: UnitOfWork;
  /** Of what its effects call in their turn. May become narrower while it runs. */
  chain: PolicyChain;
  readonly executor: Executor;
  readonly hooks: UnitHooks | undefined;
  readonly failFast: boolean;
  readonly level: CascadeLevel | undefined;
  /** Made at the first call: most units of work buffer nothing. */
  private intents: Intent[] | undefined;
  /** Where in them the first may be that a transaction decides about; undefined while none does. */
  private framedFrom: number | undefined;
  private keys: DedupeKeys | undefined;
  private full: FullBuffer | undefined;
  private inFlight: Set<InFlight> | undefined;
  private slow: SlowFlush | undefined;
  private patient: Set<Unanswered> | undefined;
  private transactions: Set<StampedFrame> | undefined;
  private sequence = 0;
  private openedAt = 0;
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
    if (channels.scope.hasSubscribers) {
      this.openedAt = performance.now();
      publish('scope', { scope: this.view, reason: 'open' });
    }
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

  /** One for the whole tree of scopes, whose outermost decides (rule 15); made when the first intent with a key is let out. */
  get dedupeKeys(): DedupeKeys {
    return (this.top.keys ??= new DedupeKeys());
  }

  get isFull(): boolean {
    return this.intents !== undefined && this.intents.length >= this.host.maxEffectsPerScope;
  }

  /** Whether a full buffer need not refuse this call, since it repeats one under the same key. */
  isRepeated(intent: Intent): boolean {
    return (this.full ??= new FullBuffer(this.intents ?? [])).repeats(intent);
  }

  add(intent: Intent): void {
    const { on, options, attempt } = stampOf(intent);
    // What an attempt has left running may be the first to call an effect.
    if (attempt?.isAbandoned === true) this.hasGivenUp();
    if (on !== 'success') this.hasTriggers = true;
    if (options.dispatch !== undefined) this.hasPatient = true;
    if (stampOf(intent).frame !== undefined) this.framedFrom ??= this.intents?.length ?? 0;
    if (this.intents === undefined) this.intents = [intent];
    else this.intents.push(intent);
  }

  /** An attempt at its work was abandoned. */
  hasGivenUp(): void {
    this.hasAbandoned = this.top.hasAbandoned = this.holdsAbandoned = true;
  }

  /** Takes over what a nested scope hands up. Never refused: the limit holds for calls, and nothing may be lost. */
  capture(intents: readonly Intent[], { hasTriggers, hasPatient, heldIntents: inFrames }: UnitOfWork): void {
    if (intents.length === 0) return;
    this.hasTriggers ||= hasTriggers;
    this.hasPatient ||= hasPatient;
    if (inFrames !== undefined) this.framedFrom ??= this.intents?.length ?? 0;
    // Copied as a whole: what is called deep down is handed up many times.
    this.intents = (this.intents ?? []).concat(intents);
  }

  snapshot(which: 'all' | 'own' | 'captured' = 'all'): readonly Intent[] {
    const buffered = this.intents ?? [];
    const all = this.hasAbandoned
      ? buffered.filter((intent) => stampOf(intent).attempt?.isAbandoned !== true)
      : buffered;
    const chosen =
      which === 'all'
        ? all.slice()
        : all.filter((intent) => (stampOf(intent).birthplace === this) === (which === 'own'));
    return Object.freeze(chosen.map(freeze));
  }

  /** Empties the buffer, or takes only what `wanted` picks. */
  take(wanted?: (intent: Intent) => boolean): Intent[] {
    const all = this.intents ?? [];
    this.full = undefined;
    if (this.framedFrom !== undefined) this.framedFrom = wanted && 0;
    this.intents = wanted && all.filter((intent) => !wanted(intent));
    return wanted === undefined ? all : all.filter(wanted);
  }

  /** `take` for what transactions decide about: looks only at what was called since the first of those that are open. */
  takeFramed(wanted: (intent: Intent) => boolean): readonly Intent[] {
    if (this.framedFrom === undefined || this.intents === undefined) return [];
    const since = this.intents.slice(this.framedFrom);
    const taken = since.filter(wanted);
    if (taken.length === 0) return taken;
    this.full = undefined;
    const gone = new Set(taken);
    this.intents.length = this.framedFrom;
    for (const intent of since) if (!gone.has(intent)) this.intents.push(intent);
    return taken;
  }

  /** No transaction is open any more that it holds something of. */
  hasNoneFramed(): void {
    this.framedFrom = undefined;
  }

  /** No more calls. `closedAt` says what closed it, or is an `Error` whose stack shows where. */
  close(closedAt: string | Error): void {
    this.state = 'closed';
    this.closedAt = closedAt;
  }

  end(state: 'flushed' | 'discarded', outcome: Outcome): void {
    this.state = state;
    this.outcome = outcome;
    if (!channels.scope.hasSubscribers) return;
    const durationMs = this.openedAt === 0 ? undefined : performance.now() - this.openedAt;
    publish('scope', { scope: this.view, reason: state, ...(durationMs !== undefined && { durationMs }) });
  }

  /** A transaction was begun in it. */
  transactionOpened(transaction: StampedFrame): void {
    (this.transactions ??= new Set()).add(transaction);
  }

  transactionEnded(transaction: StampedFrame): void {
    this.transactions?.delete(transaction);
  }

  get hasTransactions(): boolean {
    return this.transactions !== undefined && this.transactions.size > 0;
  }

  /** Transactions that were begun in it and have not ended. */
  get openTransactions(): readonly StampedFrame[] {
    return [...(this.transactions ?? [])];
  }

  track(work: InFlight): void {
    (this.inFlight ??= new Set()).add(work);
    if (this.host.slowFlushMs !== undefined) (this.slow ??= new SlowFlush(this)).begin();
  }

  untrack(work: InFlight): void {
    this.inFlight?.delete(work);
    if (this.inFlight?.size === 0) this.slow?.end();
  }

  /** What runs right now of what it lets out, cascades included. */
  get underWay(): readonly EffectUnderWay[] {
    return [...(this.inFlight ?? [])].flatMap((work) => work.underWay);
  }

  /** What has been taken out of the buffer and has not ended yet. */
  pending(): readonly Intent[] {
    const remaining = [...(this.inFlight ?? [])].flatMap((work) => work.remaining());
    const unanswered = [...(this.patient ?? [])].flatMap(({ intents }) => intents);
    return [...remaining, ...(this.heldIntents?.deferred ?? []), ...unanswered];
  }

  /** What waits for the answer, or went out after it and has not ended. */
  get unanswered(): Set<Unanswered> {
    return (this.patient ??= new Set());
  }

  /** When what waits for the answer has ended; undefined where nothing does. */
  get answering(): Promise<void> | undefined {
    const [held] = this.patient ?? [];
    return held?.rested;
  }

  /** True if nothing that it let out is still to end: what runs, what waits for a commit or for the answer. */
  get isAtRest(): boolean {
    return this.dispatching === undefined && !this.heldIntents?.deferred.length && !this.patient?.size;
  }

  /** Tells its host where it has ended and nothing is left to do. */
  rest(): void {
    if (!this.isEnded || !this.isAtRest) return;
    this.answer = undefined;
    this.host.unitEnded(this);
  }

  /** The nearest ancestor that has not ended yet and so still decides (rules 15 and 17). */
  heir(): UnitOfWork | undefined {
    let unit = this.parent;
    while (unit?.isEnded) unit = unit.parent;
    return unit;
  }

  private get closedBy(): string {
    return typeof this.closedAt === 'string' ? this.closedAt : (this.closedAt.stack ?? this.closedAt.message);
  }
}

/** The unit that a view shows; undefined for one that another installed copy has made. @internal */
export let unitOf: (view: ScopeView) => UnitOfWork | undefined;

/** The nearest thing to a scope that code inside one gets to hold: nothing on it leads back to the handle. */
class UnitView implements ScopeView {
  readonly #unit: UnitOfWork;

  static {
    unitOf = (view) => (#unit in view ? view.#unit : undefined);
  }

  constructor(unit: UnitOfWork) {
    this.#unit = unit;
  }

  get id(): string {
    return this.#unit.id;
  }
  // A getter that may give undefined is how an absent `name` reads.
  get name(): string {
    return this.#unit.name as string;
  }
  get parent(): ScopeView {
    return this.#unit.parent?.view as ScopeView;
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
}
