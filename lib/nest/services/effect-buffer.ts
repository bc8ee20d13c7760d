import { runtimeHere } from '../../core/functions.js';
import type { AirlockRuntime } from '../../core/runtime.js';
import { type Deferred, deferred } from '../../core/enqueue/deferred.js';
import { NO_OPTIONS } from '../../core/enqueue/enqueue.js';
import type { EnqueueOptions } from '../../core/model/enqueue-options.js';
import type { PolicyRef } from '../../core/model/policy.js';
import type { Intent } from '../../core/model/intent.js';
import type { ScopeView } from '../../core/model/scope-view.js';

/**
 * The buffer of the current unit of work, whichever that is: a singleton that makes no consumer
 * request-scoped.
 *
 * Every call throws `NoScopeError` outside a scope (unless `outsideScope` says otherwise),
 * `ScopeClosedError` after it ended, `BufferLimitError` when it is full, and what a policy throws
 * that refuses the call.
 *
 * One that is made by hand, `new EffectBuffer()` in a unit test, is the buffer of the innermost
 * scope of whatever application, as `enqueue` and the other functions are.
 *
 * @publicApi
 */
export class EffectBuffer {
  readonly #application: AirlockRuntime | undefined;

  /** @internal Nest hands over its application. */
  constructor(application?: AirlockRuntime) {
    this.#application = application;
  }

  /**
   * Buffers a call of any function.
   *
   * @example
   * ```ts
   * effects.enqueue(notifyWarehouse, order.id);
   * ```
   */
  enqueue<A extends unknown[]>(effect: (...args: A) => unknown, ...args: A): void {
    this.#runtime.enqueue(NO_OPTIONS, effect, args);
  }

  /**
   * `enqueue` with a name, an executor, a dedupe key, …
   *
   * @example
   * ```ts
   * effects.enqueueWith({ on: 'failure', dedupeKey: `refund ${order.id}` }, refund, order.id);
   * ```
   */
  enqueueWith<A extends unknown[]>(
    options: EnqueueOptions,
    effect: (...args: A) => unknown,
    ...args: A
  ): void {
    this.#runtime.enqueue(options, effect, args);
  }

  /**
   * A proxy of any object whose method calls are buffered:
   * `effects.defer(queue).add('reserve', { id })`.
   *
   * @example
   * ```ts
   * effects.defer(queue).add('reserve', { orderId: order.id });
   * ```
   */
  defer<T extends object>(target: T, options: EnqueueOptions = NO_OPTIONS): Deferred<T> {
    return deferred(target, (effect, args) => this.#runtime.enqueue(options, effect, args));
  }

  /**
   * Runs `fn` under one more policy, in the same buffer. What `fn` returns is covered too: an
   * Observable when it is subscribed to, a query when it is awaited.
   *
   * @example
   * ```ts
   * // Orders that are imported are not mailed about, whoever places them.
   * await effects.withPolicy(new BlockTasks(['MailService.sendReceipt']), () => orders.place(order.id));
   * ```
   */
  withPolicy<R>(policy: PolicyRef, fn: () => R): R {
    return this.#runtime.withPolicy(policy, fn);
  }

  /** True if a call made here would be buffered; false outside a scope and after it has ended. */
  get isActive(): boolean {
    return this.#runtime.context.mayReceive;
  }

  /** Intents that are buffered here, in order; none outside a scope. */
  get intents(): readonly Intent[] {
    return this.#opened?.intents ?? [];
  }

  /** Intents that were enqueued in this scope itself. */
  get ownIntents(): readonly Intent[] {
    return this.#opened?.ownIntents ?? [];
  }

  /** Intents that nested scopes have handed over. */
  get capturedIntents(): readonly Intent[] {
    return this.#opened?.capturedIntents ?? [];
  }

  get #runtime(): AirlockRuntime {
    return this.#application ?? runtimeHere();
  }

  get #opened(): ScopeView | undefined {
    return this.#runtime.opened?.view;
  }
}
