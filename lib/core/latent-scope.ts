import { ShuttingDownError } from '../errors/shutting-down.error.js';
import { Context, contexts, type PolicyEvaluation } from './scope/context.js';
import { covered } from './scope/coverage.js';
import type { Outcome } from './model/scope-view.js';
import type { AttemptMark, Intent } from './model/intent.js';
import type { Latent } from './scope/running-scopes.js';
import type { PolicyChain } from './scope/policy-chain.js';
import type { PreparedScope } from './prepared-scope.js';
import type { OpenerHost } from './scope-opener.js';
import { type FlushReport, NOTHING } from './model/report.js';
import { type TransactionFrame } from './frame/transaction-frame.js';
import { apartFrom, leftBehindIn } from './frame/current-frame.js';
import type { UnitOfWork } from './scope/unit-of-work.js';

/**
 * The scope of a handler that may call no effect: its unit of work opens with the first one. Until
 * then a shutdown refuses nothing, nothing is published, and this object is all that the scope
 * costs.
 *
 * @internal
 */
export class LatentScope extends Context implements Latent {
  readonly chain: PolicyChain;
  readonly outer: Context | undefined;
  readonly evaluation: PolicyEvaluation | undefined;
  // Looked up once, as in `ScopeContext`.
  private readonly outerEffect: Context | undefined;
  private readonly outerAttempt: AttemptMark | undefined;
  private readonly around: Context;
  private readonly isAdmitted: boolean;
  /**
   * A rolled back transaction whose context the caller still has; the scope begins outside of it
   * (rule 21).
   */
  private readonly left: TransactionFrame | undefined;
  private unit: UnitOfWork | undefined;
  private outcome: Outcome | undefined;
  private closedAt = '';

  constructor(
    readonly host: OpenerHost,
    private readonly prepared: PreparedScope,
    here: Context = host.context,
  ) {
    super();
    const store = contexts.getStore();
    this.around = here.isLive ? here : host.root;
    const chain = here.isLive ? here.chain : (here.chainForRoots ?? this.around.chain);
    this.chain = chain.inside(prepared.policies);
    this.outer = store?.isLive === true ? store : undefined;
    this.outerEffect = this.outer?.within;
    this.outerAttempt = this.outer?.attempt;
    this.evaluation = store?.evaluation?.isActive === true ? store.evaluation : undefined;
    this.left = this.around.mayReceive ? undefined : leftBehindIn();
    this.isAdmitted = !host.running.isClosing;
    host.running.latentBegan(this);
  }

  override get within(): Context | undefined {
    return this.outerEffect;
  }

  override get attempt(): AttemptMark | undefined {
    return this.outerAttempt;
  }

  override get opened(): UnitOfWork | undefined {
    return this.unit;
  }

  override get mayReceive(): boolean {
    if (this.unit !== undefined) return this.unit.state === 'open';
    return this.outcome === undefined && (this.isAdmitted || this.around.mayReceive);
  }

  get isLive(): boolean {
    return this.evaluation === undefined && this.outcome === undefined;
  }

  /** @throws ShuttingDownError for work that began during a shutdown, and for all after it */
  receiver(): UnitOfWork {
    if (this.unit !== undefined) return this.unit;
    // Handlers that call handlers may be nested deeper than the stack allows.
    const unopened: LatentScope[] = [this];
    let at = this.around;
    for (; at instanceof LatentScope && at.unit === undefined; at = at.around) unopened.push(at);
    let unit = at.receiver();
    for (const scope of unopened.toReversed()) unit = scope.openIn(unit);
    return unit!;
  }

  private openIn(parent: UnitOfWork | undefined): UnitOfWork {
    const { host, prepared, chain, outcome, closedAt } = this;
    if (outcome !== undefined)
      return (this.unit = host.scopes.missed(prepared, chain, outcome, closedAt, parent));
    // Work in a parent that has ended is new work.
    const isTooLate = host.running.isOver && parent?.state !== 'open';
    if (isTooLate || (!this.isAdmitted && parent === undefined))
      throw new ShuttingDownError(this.name);
    return (this.unit = host.scopes.begin(prepared, chain, parent));
  }

  openNow(): void {
    this.receiver();
  }

  /**
   * To be called at each emission of its work. An answer that has begun may go on for hours, so a
   * shutdown waits for it only once it has called an effect.
   */
  emitted(): void {
    if (this.unit === undefined) this.host.running.latentEnded(this);
  }

  get name(): string {
    return this.prepared.name ?? 'unnamed';
  }

  get id(): string {
    return this.unit?.id ?? '';
  }

  get intents(): readonly Intent[] {
    return this.unit?.snapshot() ?? [];
  }

  /** `EffectScope.run` */
  run<R>(fn: () => R): R {
    return covered((work) => this.enter(work), fn);
  }

  /** `EffectScope.enter` */
  enter<R>(fn: () => R): R {
    this.unit?.assertOpen(undefined);
    return this.left === undefined
      ? contexts.run(this, fn)
      : apartFrom(this.left, () => contexts.run(this, fn));
  }

  outcomeOf(error: unknown): Outcome {
    return this.unit?.outcomeOf(error) ?? this.prepared.hooks?.outcomeOf?.(error) ?? 'failed';
  }

  failedBy(reason: string): void {
    if (this.unit !== undefined) this.unit.failedBy = reason;
  }

  get hasEnded(): boolean {
    return this.outcome !== undefined && this.unit?.isEnded !== false;
  }

  get dispatching(): Promise<void> | undefined {
    return this.unit?.dispatching;
  }

  /** `EffectScope.endAt`; does nothing if no effect was called. */
  endAt(
    outcome: Outcome,
    closedAt: string,
    onLateFailure?: (report: FlushReport) => Promise<void>,
    onHookFailure?: (error: unknown) => void,
  ): FlushReport | Promise<FlushReport> {
    this.outcome = outcome;
    this.closedAt = closedAt;
    this.host.running.latentEnded(this);
    if (this.unit === undefined) return NOTHING;
    return this.host.scopes
      .handleOf(this.unit, this)
      .endAt(outcome, closedAt, onLateFailure, onHookFailure);
  }
}
