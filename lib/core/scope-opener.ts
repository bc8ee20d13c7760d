import { ShuttingDownError } from '../errors/shutting-down.error.js';
import { EffectScope } from './effect-scope.js';
import { decide } from './flush/outcome.js';
import { leftBehindIn } from './frame/current-frame.js';
import type { TransactionFrame } from './frame/transaction-frame.js';
import type { Executor } from './model/executor.js';
import type { Outcome } from './model/scope-view.js';
import type { PreparedScope } from './prepared-scope.js';
import { type Context, contexts, ScopeContext } from './scope/context.js';
import type { PolicyChain } from './scope/policy-chain.js';
import type { RunningScopes } from './scope/running-scopes.js';
import { type UnitHost, UnitOfWork } from './scope/unit-of-work.js';

/** The application whose scopes are opened. @internal */
export interface OpenerHost extends UnitHost {
  readonly root: Context;
  readonly context: Context;
  readonly running: RunningScopes;
  readonly scopes: ScopeOpener;
  readonly defaultExecutor: Executor;
}

/**
 * Opens the scopes of an application: nested in what is open, or as new roots.
 *
 * @internal
 */
export class ScopeOpener {
  /** Set by tests: told before a scope is opened. */
  beforeScope: (() => void) | undefined = undefined;

  constructor(private readonly host: OpenerHost) {}

  /**
   * Opens a scope in the caller's context: nested in the open one, or a new root if there is none,
   * or only what an ended one has left behind.
   *
   * @throws ShuttingDownError
   */
  enter(prepared: PreparedScope, here: Context = this.host.context): EffectScope {
    const { host } = this;
    const around = here.isLive ? here : host.root;
    const parent = around.receiver();
    if (host.running.isClosing && parent === undefined)
      throw new ShuttingDownError(prepared.name ?? 'unnamed');
    const chain = this.chainAt(here).inside(prepared.policies);
    const unit = this.begin(prepared, chain, parent);
    const store = contexts.getStore();
    const evaluation = store?.evaluation?.isActive === true ? store.evaluation : undefined;
    return this.handleOf(
      unit,
      new ScopeContext(host, unit, chain, store?.isLive === true ? store : undefined, evaluation),
      parent === undefined ? leftBehindIn() : undefined,
    );
  }

  /** Opens a unit of work; the caller knows its parent, and that it may be opened. */
  begin(prepared: PreparedScope, chain: PolicyChain, parent: UnitOfWork | undefined): UnitOfWork {
    const { running } = this.host;
    running.callsEffects = true;
    this.beforeScope?.();
    const unit = this.unitFor(prepared, chain, parent);
    running.unitOpened(unit);
    return unit;
  }

  /** Makes an ended unit of work, for late calls of work that had called no effect. */
  missed(
    prepared: PreparedScope,
    chain: PolicyChain,
    outcome: Outcome,
    closedAt: string,
    parent?: UnitOfWork,
  ): UnitOfWork {
    const unit = this.unitFor(prepared, chain, parent);
    unit.close(closedAt);
    unit.end({ outcome, flushes: this.wouldFlush(unit, outcome) });
    unit.tellIfAtRest();
    return unit;
  }

  /** The policies of a scope that is opened here. */
  chainAt(here: Context): PolicyChain {
    return here.isLive ? here.chain : (here.chainForRoots ?? this.host.root.chain);
  }

  /** The handle of a unit. @param context the one in which it runs code */
  handleOf(unit: UnitOfWork, context?: Context, left?: TransactionFrame): EffectScope {
    return (unit.handle ??= new EffectScope(
      unit,
      context ?? new ScopeContext(this.host, unit, unit.chain, undefined, undefined),
      left,
    )) as EffectScope;
  }

  private wouldFlush(unit: UnitOfWork, outcome: Outcome): boolean {
    try {
      return decide(unit, outcome).flushes;
    } catch (error) {
      this.host.logError(error);
      return false;
    }
  }

  private unitFor(
    prepared: PreparedScope,
    chain: PolicyChain,
    parent: UnitOfWork | undefined,
  ): UnitOfWork {
    return new UnitOfWork(this.host, {
      name: prepared.name,
      parent,
      chain,
      executor: prepared.executor ?? parent?.executor ?? this.host.defaultExecutor,
      hooks: prepared.hooks,
      failFast: prepared.failFast,
      level: parent?.level,
    });
  }
}
