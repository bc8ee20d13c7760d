import type { ScopeClosedError } from '../errors/scope-closed.error.js';
import { InProcessExecutor } from './model/in-process.executor.js';
import { endScope, type Endable } from './end-scope.js';
import { covered } from './scope/coverage.js';
import { type Context, contextOf, contexts, ScopeContext, viewAt } from './scope/context.js';
import { PolicyContext } from './scope/policy-context.js';
import { EffectScope } from './effect-scope.js';
import { hooksOf, type OnDispatchError, type ScopeOptions } from './scope-options.js';
import { enqueueIn } from './enqueue/enqueue.js';
import type { Effect, EnqueueOptions } from './model/enqueue-options.js';
import type { Policy, PolicyRef } from './model/policy.js';
import { type CarriedContext, type ContextCarrier, withContext } from './model/context-carrier.js';
import type { Executor } from './model/executor.js';
import { type ChannelName, type Listeners, NO_LISTENERS } from './model/diagnostics.js';
import type { Outcome } from './model/scope-view.js';
import type { Intent } from './model/intent.js';
import { logSafely } from './outside/log-safely.js';
import { RunningScopes } from './scope/running-scopes.js';
import { type OpenerHost, ScopeOpener } from './scope-opener.js';
import { takeLateCall } from './outside/late-call.js';
import type { EndAtCall } from './model/end-at-call.js';
import type { ExecutorOverride } from './scope/executor-override.js';
import { PolicyChain } from './scope/policy-chain.js';
import type { PreparedScope } from './prepared-scope.js';
import { References } from './references.js';
import { refused } from './outside/refused-call.js';
import { dispatch, dispatchInTransaction } from './flush/dispatch.js';
import { runJob } from './flush/run-intent.js';
import type { EffectFacts } from './scope/running-effect.js';
import type { FlushJournal } from './model/report.js';
import type { ScopeView } from './model/scope-view.js';
import type { StampedFrame } from './model/stamped-frame.js';
import type { TransactionFrame } from './frame/transaction-frame.js';
import type { OnSettled, UnitOfWork } from './scope/unit-of-work.js';
import { callOutsideScope, type OnRefused } from './outside-scope.js';
import { runAndEnd, type WorkScope } from './run-and-end.js';
import { FREE, type RuntimeSettings } from './runtime-settings.js';

/**
 * The airlock of one application, or of one `runInScope` outside any: its settings, and the scopes
 * that are running.
 *
 * @internal
 */
export class AirlockRuntime implements OpenerHost {
  readonly maxEffectsPerScope: number;
  readonly maxCascadeDepth: number;
  readonly flushesOnCancel: boolean;
  readonly effectTimeoutMs: number | false;
  readonly carriers: readonly ContextCarrier[];
  readonly slowFlushMs: number | undefined;
  readonly onSettled: OnSettled | undefined;
  readonly knownAsSlow = new Set<string>();
  listeners = NO_LISTENERS;
  readonly scopes: ScopeOpener = new ScopeOpener(this);
  readonly running: RunningScopes = new RunningScopes();
  /** Set by the inspector. */
  onRefused: OnRefused | undefined = undefined;
  /** Set by tests. */
  executorOverride: ExecutorOverride | undefined = undefined;
  private readonly ownCarriers: ContextCarrier[];
  private readonly references: References;
  private base: Context | undefined;
  private standard: Executor | undefined;

  constructor(private readonly settings: RuntimeSettings = {}) {
    this.references = new References(settings.executors, settings.instantiate, settings.inspect);
    this.maxEffectsPerScope = settings.maxEffectsPerScope ?? 100_000;
    this.maxCascadeDepth = settings.maxCascadeDepth ?? 16;
    this.flushesOnCancel = settings.onCancel === 'flush';
    this.effectTimeoutMs = settings.effectTimeoutMs ?? 30_000;
    this.carriers = this.ownCarriers = [...(settings.context ?? [])];
    this.slowFlushMs = settings.slowFlushMs;
    this.onSettled = settings.onSettled;
  }

  /** The context of code in no scope of this application: only its own policies apply. */
  get root(): Context {
    return (this.base ??= new ScopeContext(
      this,
      undefined,
      PolicyChain.of(this.policiesOf(this.settings.policy)),
      undefined,
      undefined,
    ));
  }

  /** True if it stands for code outside any application. */
  get isFree(): boolean {
    return this.settings === FREE;
  }

  get policies(): readonly Policy[] {
    return this.root.chain.policies;
  }

  get defaultExecutor(): Executor {
    return (this.standard ??= this.references.executorOf(
      this.settings.executor ?? new InProcessExecutor(),
    ));
  }

  get executorNames(): readonly string[] {
    return this.references.executorNames;
  }

  /** The default executor, and those that the application names. */
  get executors(): readonly Executor[] {
    return [this.defaultExecutor, ...this.executorNames.map((name) => this.executorNamed(name))];
  }

  get isClosing(): boolean {
    return this.running.isClosing;
  }

  get context(): Context {
    return contextOf(this) ?? this.underFreePolicies(contexts.getStore()) ?? this.root;
  }

  /** The unit that is open here; opens none. */
  get opened(): UnitOfWork | undefined {
    return contextOf(this)?.opened;
  }

  /** The scope that is open here, as code inside may see it. */
  get view(): ScopeView | undefined {
    return viewAt(contextOf(this));
  }

  enqueue(options: EnqueueOptions, effect: Effect, args: unknown[]): EndAtCall {
    return enqueueIn(this.context, options, effect, args);
  }

  outsideScope(
    context: Context,
    options: EnqueueOptions,
    effect: Effect,
    args: unknown[],
  ): EndAtCall {
    return callOutsideScope(this, this.settings.outsideScope, context, options, effect, args);
  }

  lateCall(
    error: ScopeClosedError,
    context: Context,
    unit: UnitOfWork,
    options: EnqueueOptions,
    effect: Effect,
    args: unknown[],
  ): void {
    const { lateCalls } = this.settings;
    takeLateCall(this, lateCalls, error, context, unit, options, effect, args);
  }

  withPolicy<R>(ref: PolicyRef, fn: () => R): R {
    return covered((work) => this.withPolicyAt(this.context, this.policiesOf(ref), work), fn);
  }

  withPolicyAt<R>(context: Context, policies: readonly Policy[], fn: () => R): R {
    const chain = context.chain.locally(policies);
    // In what an ended scope has left behind, they apply to new root scopes.
    const forRoots = context.isLive
      ? undefined
      : (context.chainForRoots ?? this.root.chain).locally(policies);
    return contexts.run(new PolicyContext(this, context, chain, forRoots), fn);
  }

  open(options: ScopeOptions = {}): EffectScope {
    return this.scopes.enter(this.prepare(options));
  }

  /**
   * Resolves what options name.
   *
   * @param on the object or class that the options stand on: classes are looked up from its module
   * @throws AirlockOptionsError for what cannot be resolved
   */
  prepare(options: ScopeOptions, on?: object): PreparedScope {
    const { executor } = options;
    return {
      name: options.name,
      policies: this.policiesOf(options.policy, on),
      executor:
        typeof executor === 'string'
          ? this.executorNamed(executor)
          : executor && this.references.executorOf(executor, on),
      hooks: hooksOf(options, (unit) => this.scopes.handleOf(unit)),
      failFast: options.dispatchMode === 'failFast',
    };
  }

  /**
   * Opens a scope and runs work in it. A refusal, as while shutting down, is like that of an
   * effect's call: if nobody listens to it, it does not end the process.
   */
  run<R>(options: ScopeOptions, fn: (scope: EffectScope) => R): Promise<Awaited<R>> {
    const { context } = this;
    const chain = this.scopes.chainAt(context);
    let prepared: PreparedScope;
    let scope: EffectScope;
    try {
      prepared = this.prepare(options);
      scope = this.scopes.enter(prepared, context);
    } catch (error) {
      return refused(error, context);
    }
    // `async`: a query builder begins its work when it is awaited, and has to be awaited inside.
    return this.runAndEnd(
      scope,
      () => scope.enter(async () => fn(scope)),
      options.onDispatchError,
      // The scope is nested in the one that is open where the result is used. The policies around
      // the call apply as well, since policies never fail open (rule 11).
      () => this.scopes.enter({ ...prepared, policies: [...prepared.policies, ...chain.policies] }),
    );
  }

  /**
   * Runs a job that another process has sent, in a scope of its own, whatever is open here. Its
   * calls of effects go out when it succeeds, and are dropped when it fails.
   *
   * @param carried values that came with it from its call
   * @throws ShuttingDownError; rejects with what the effect throws
   */
  runJob(
    effect: EffectFacts,
    prepared: PreparedScope,
    work: () => unknown,
    how?: OnDispatchError,
    carried?: CarriedContext,
  ): Promise<unknown> {
    const run = (): Promise<unknown> => {
      const scope = this.scopes.enter(prepared);
      return this.runAndEnd(scope, () => scope.enter(() => runJob(effect, work)), how);
    };
    return withContext(this.carriers, carried, effect, () => contexts.run(this.root, run));
  }

  /** Listens to the messages of this application alone, for as long as it lives. */
  listen(listeners: Partial<Listeners>): void {
    for (const name of Object.keys(listeners) as ChannelName[])
      this.listenTo(name, listeners[name]);
  }

  private listenTo<K extends ChannelName>(name: K, listener: Listeners[K] | undefined): void {
    if (listener !== undefined)
      this.listeners = { ...this.listeners, [name]: [...(this.listeners[name] ?? []), listener] };
  }

  /** Adds a carrier, for modules that have one of their own. */
  carryWith(carrier: ContextCarrier): void {
    this.ownCarriers.push(carrier);
  }

  /** Ends a scope with the work it was opened for: see `run-and-end.ts`. */
  runAndEnd<R>(
    scope: WorkScope,
    work: () => R,
    how: OnDispatchError = 'throw',
    begin?: () => WorkScope,
  ): Promise<Awaited<R>> {
    return runAndEnd(this, scope, work, how, begin);
  }

  /** Ends a scope as its outcome says: see `end-scope.ts`. */
  endScope(
    scope: Endable,
    outcome: Outcome,
    closedAt: string,
    how: OnDispatchError,
  ): void | Promise<void> {
    return endScope(scope, outcome, closedAt, how, this.logError);
  }

  readonly logError = (error: unknown): void => {
    logSafely(() => (this.settings.logError ?? console.error)(error), error);
  };

  readonly warn = (message: string): void => {
    logSafely(() => (this.settings.warn ?? console.warn)(message), message);
  };

  executorNamed(name: string): Executor {
    return this.references.executorNamed(name);
  }

  policiesOf(ref: PolicyRef | readonly PolicyRef[] | undefined, on?: object): readonly Policy[] {
    return this.references.policiesOf(ref, on);
  }

  dispatch(
    unit: UnitOfWork,
    journal: FlushJournal,
    queue: readonly Intent[],
    frame?: StampedFrame,
  ): void | Promise<void> {
    return frame === undefined
      ? dispatch(unit, journal, queue, undefined)
      : dispatchInTransaction(frame as TransactionFrame, unit, journal, queue);
  }

  /**
   * Opens no root scope from here on, and waits for the running ones but the caller's own, at most
   * `timeoutMs`.
   *
   * @returns the units that had not ended by then
   */
  shutdown(timeoutMs: number): Promise<readonly UnitOfWork[]> {
    return this.running.shutdown(timeoutMs, this.logError, this.opened);
  }

  /** Applies policies of a `withPolicy` that was called outside any scope and application. */
  private underFreePolicies(context: Context | undefined): Context | undefined {
    let free = context;
    while (free !== undefined && !isFree(free)) free = free.outer;
    return (
      free &&
      new ScopeContext(
        this,
        undefined,
        this.root.chain.locally(free.chain.policies),
        free,
        undefined,
      )
    );
  }
}

/** True for a context of a `withPolicy` that was called outside any scope and application. @internal */
export function isFree(context: Context): boolean {
  const isHostFree = context.host instanceof AirlockRuntime && context.host.isFree;
  return isHostFree && context.receiver() === undefined && context.evaluation === undefined;
}
