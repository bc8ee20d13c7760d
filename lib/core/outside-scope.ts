import { NoScopeError } from '../errors/no-scope.error.js';
import { ShuttingDownError } from '../errors/shutting-down.error.js';
import type { EffectScope } from './effect-scope.js';
import type { Context } from './scope/context.js';
import { frames } from './frame/transaction-frame.js';
import { lostIntent, publishLostCall } from './outside/lost-call.js';
import type { EndAtCall } from './model/end-at-call.js';
import { refuseWithoutScope } from './outside/no-scope.js';
import type { PreparedScope } from './prepared-scope.js';
import type { OutsideScope } from './runtime-settings.js';
import type { OnDispatchError, ScopeOptions } from './scope-options.js';
import { type UnitHost, UnitOfWork } from './scope/unit-of-work.js';
import type { Executor } from './model/executor.js';
import type { Intent } from './model/intent.js';
import { type Effect, effectName, type EnqueueOptions } from './model/enqueue-options.js';
import type { Outcome } from './model/scope-view.js';

/** @internal */
export type OnRefused = (unit: UnitOfWork, intent: Intent) => void;

/** An application whose effect is called outside any scope. */
interface ScopelessHost extends UnitHost {
  readonly defaultExecutor: Executor;
  readonly isClosing: boolean;
  /** Told of calls that are refused with `NoScopeError`; must not throw. */
  readonly onRefused: OnRefused | undefined;
  prepare(options: ScopeOptions): PreparedScope;
  readonly scopes: { enter(prepared: PreparedScope, here: Context): EffectScope };
  enqueue(options: EnqueueOptions, effect: Effect, args: unknown[]): EndAtCall;
  endScope(
    scope: EffectScope,
    outcome: Outcome,
    closedAt: string,
    how: OnDispatchError,
  ): void | Promise<void>;
}

/**
 * Treats a call outside any scope as `outsideScope` says.
 *
 * @throws NoScopeError, ShuttingDownError, and what refuses the call
 * @internal
 */
export function callOutsideScope(
  host: ScopelessHost,
  outsideScope: OutsideScope = 'throw',
  context: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): EndAtCall {
  if (outsideScope === 'throw') {
    return refuseWithoutScope(options, effect, args, () => {
      tellRefused(host, context, options, effect, args);
      // `NoScopeError` would advise a scope, and that is refused as well.
      if (host.isClosing) throw new ShuttingDownError('outside a scope');
    });
  }
  if (outsideScope === 'report') return reportCall(host, context, options, effect, args);
  const scope = scopeOfCall(host, context, options, effect, args);
  if (outsideScope === 'drop') scope.dropAll('outsideScope');
  else void host.endScope(scope, 'completed', 'the call itself', 'report');
}

/** Makes a closed scope of a call. @throws what refuses the call @internal */
export function scopeOfCall(
  host: ScopelessHost,
  context: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): EffectScope {
  const scope = host.scopes.enter(host.prepare({ name: 'outside a scope' }), context);
  try {
    // The call is no work that begins anew: it stays in the transaction that it was made in.
    const frame = frames.getStore();
    scope.run(() => frames.run(frame, () => host.enqueue(options, effect, args)));
  } catch (error) {
    scope.closeBy('a refused call');
    scope.discard();
    throw error;
  }
  scope.closeBy('the call itself');
  return scope;
}

function reportCall(
  host: ScopelessHost,
  context: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): void {
  host.logError(new NoScopeError(effectName(options, effect)));
  const unit = endedUnit(host, context);
  publishLostCall(unit, context, options, effect, args, 'outsideScope');
}

/**
 * Tells the inspector of a call that is refused by an error. This is no drop, so no channel has it.
 */
function tellRefused(
  host: ScopelessHost,
  context: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): void {
  if (host.onRefused === undefined) return;
  const unit = endedUnit(host, context);
  host.onRefused(unit, lostIntent(unit, context, options, effect, args));
}

/** An ended unit for a call that belongs to no scope. */
function endedUnit(host: ScopelessHost, { chain }: Context): UnitOfWork {
  const executor = host.defaultExecutor;
  const unit = new UnitOfWork(host, { name: 'outside a scope', chain, executor });
  unit.close('the call itself');
  unit.end({ outcome: 'cancelled', flushes: false });
  unit.tellIfAtRest();
  return unit;
}
