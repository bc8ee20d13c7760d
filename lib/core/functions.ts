import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { AirlockRuntime, isFree } from './runtime.js';
import { FREE } from './runtime-settings.js';
import { type Context, contexts, viewAt } from './scope/context.js';
import { covered } from './scope/coverage.js';
import { type Deferred, deferred } from './enqueue/deferred.js';
import type { EffectScope } from './effect-scope.js';
import type { ScopeOptions } from './scope-options.js';
import { enqueueIn, NO_OPTIONS } from './enqueue/enqueue.js';
import type { Effect, EnqueueOptions } from './model/enqueue-options.js';
import type { PolicyRef } from './model/policy.js';
import type { ScopeView } from './model/scope-view.js';
import type { EndAtCall } from './model/end-at-call.js';
import { refuseWithoutScope } from './outside/no-scope.js';
import { soleApplication } from './outside/running-applications.js';

/**
 * Buffers a call of any function in the innermost open scope, of whatever application. Outside any
 * scope, `outsideScope` of the application that runs decides, if it is the only one.
 *
 * @example
 * ```ts
 * await runInScope(async () => {
 *   enqueue(notifyWarehouse, order.id);
 * });
 * ```
 *
 * @throws NoScopeError and the others of `EffectBuffer.enqueue`
 * @publicApi
 */
export function enqueue<A extends unknown[]>(effect: (...args: A) => unknown, ...args: A): void {
  enqueueInnermost(NO_OPTIONS, effect, args);
}

/**
 * `enqueue` with options.
 *
 * @example
 * ```ts
 * enqueueWith({ on: 'failure', name: 'refund' }, refund, order.id);
 * ```
 *
 * @publicApi
 */
export function enqueueWith<A extends unknown[]>(
  options: EnqueueOptions,
  effect: (...args: A) => unknown,
  ...args: A
): void {
  enqueueInnermost(options, effect, args);
}

/**
 * A proxy of any object whose method calls are buffered.
 *
 * @example
 * ```ts
 * defer(queue).add('reserve', { orderId: order.id });
 * ```
 *
 * @publicApi
 */
export function defer<T extends object>(
  target: T,
  options: EnqueueOptions = NO_OPTIONS,
): Deferred<T> {
  return deferred(target, (effect, args) => enqueueInnermost(options, effect, args));
}

/**
 * Runs `fn` in a scope: nested in the innermost one, else a scope of its own that lets its effects
 * out at the end. That is a scope of the application that runs in this process; where none runs, or
 * several, it belongs to no application.
 *
 * @example
 * ```ts
 * await runInScope({ name: 'migration', policy: DropAll }, async () => {
 *   await orders.place(order.id);
 * });
 * ```
 *
 * @returns what `fn` resolves to, after the flush; of an Observable, each subscription is a scope
 *   of its own with the same options, of a generator its iteration
 * @throws what `fn` throws, or a `DispatchError` if effects failed and `onDispatchError` is not set
 *   otherwise
 * @publicApi
 */
export function runInScope<R>(fn: (scope: EffectScope) => R): Promise<Awaited<R>>;
export function runInScope<R>(
  options: ScopeOptions,
  fn: (scope: EffectScope) => R,
): Promise<Awaited<R>>;
export function runInScope<R>(...args: RunArguments<R>): Promise<Awaited<R>> {
  return runtimeHere().run(...runArguments(args));
}

/**
 * Opens a scope by hand, of the application that `runInScope` would take; the caller ends it.
 *
 * @example
 * ```ts
 * const scope = openScope({ name: 'message' });
 * await scope.run(() => orders.place(order.id));
 * scope.close();
 * await scope.flush();
 * ```
 *
 * @publicApi
 */
export function openScope(options?: ScopeOptions): EffectScope {
  return runtimeHere().open(options);
}

/**
 * Runs `fn` under one more policy, in the same buffer. What `fn` returns is covered too: an
 * Observable when it is subscribed to, a query when it is awaited.
 *
 * @example
 * ```ts
 * withPolicy(new LimitPerFlush(1), () => {
 *   enqueue(notifyWarehouse, order.id);
 * });
 * ```
 *
 * @publicApi
 */
export function withPolicy<R>(policy: PolicyRef, fn: () => R): R {
  return covered((work) => {
    // Outside any scope it belongs to no application: it covers what any of them does meanwhile.
    const context = contexts.getStore() ?? new AirlockRuntime(FREE).root;
    const policies = runtimeHere().policiesOf(policy);
    return (context.host as AirlockRuntime).withPolicyAt(context, policies, work);
  }, fn);
}

/**
 * A view of the innermost scope; undefined if there is none.
 *
 * @example
 * ```ts
 * const names = currentScope()?.intents.map((intent) => intent.name) ?? [];
 * ```
 *
 * @publicApi
 */
export function currentScope(): ScopeView | undefined {
  return viewAt(contexts.getStore());
}

/** @returns its end, if a test runs it at its call @internal */
export function enqueueInnermost(
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): EndAtCall {
  const context = contextHere();
  if (context !== undefined) return enqueueIn(context, options, effect, args);
  if (typeof effect !== 'function')
    throw AirlockOptionsError.expected('effect', 'a function', effect);
  return refuseWithoutScope(options, effect, args);
}

/** @internal */
export type RunArguments<R> =
  | [(scope: EffectScope) => R]
  | [ScopeOptions, (scope: EffectScope) => R];

/** @internal */
export function runArguments<R>(args: RunArguments<R>): [ScopeOptions, (scope: EffectScope) => R] {
  return args.length === 1 ? [{}, args[0]] : args;
}

/**
 * The application whose scope is innermost; outside any, the one that runs. Where none runs, or
 * several, one for this scope alone.
 *
 * @internal
 */
export function runtimeHere(): AirlockRuntime {
  return (contextHere()?.host as AirlockRuntime | undefined) ?? new AirlockRuntime(FREE);
}

/** The innermost context; outside any application, that of code outside scopes in the one that runs. */
function contextHere(): Context | undefined {
  const here = contexts.getStore();
  if (here !== undefined && !isFree(here)) return here;
  return (soleApplication() as AirlockRuntime | undefined)?.context ?? here;
}
