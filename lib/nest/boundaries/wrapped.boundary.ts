import type { AirlockRuntime } from '../../core/runtime.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import { type HandlerPlan, HandlerPlans, safely } from './boundary.js';
import type { Method } from '../methods/wrap-method.js';
import type { Candidate, Class } from '../container/candidate.js';
import type { WrappedEntryPoint } from './entry-point.js';
import type { AirlockModuleOptions } from '../options/airlock-options.js';
import type { BoundaryOptions } from '../options/boundary-options.js';
import { replaceOwn } from '../methods/replace-method.js';
import { receiveHere } from '../../core/scope/message.js';
import { noteSender } from '../methods/note-sender.js';
import { declaredResult } from '../methods/declared-result.js';
import { callInScope, type HandlerScope } from '../calls/call-in-scope.js';

/**
 * A kind of entry point that Nest runs no interceptors for: replaces the methods on each instance,
 * before the peer looks them up.
 *
 * @internal
 */
export class WrappedBoundary {
  private readonly plans: HandlerPlans;
  private readonly onDispatchError: OnDispatchError;
  private readonly lasting = new Set<object>();

  constructor(
    private readonly entryPoint: WrappedEntryPoint,
    private readonly runtime: AirlockRuntime,
    options: BoundaryOptions,
    module: AirlockModuleOptions,
  ) {
    this.plans = new HandlerPlans(runtime, options);
    this.onDispatchError = safely(module.onDispatchError ?? 'report', runtime);
  }

  /**
   * Lists the methods at `keys` that are not skipped, each with the settings of its scope.
   *
   * @param holder an instance, or the prototype if there is none yet
   * @param isLasting true for an instance that lives as long as the application
   */
  *plansOf(
    holder: object,
    type: Class,
    keys: readonly string[],
    isLasting: boolean,
  ): Generator<readonly [key: string, plan: HandlerPlan]> {
    for (const key of keys) {
      const method = (holder as Record<string, unknown>)[key];
      // The peer reports what is wrong with it.
      if (typeof method !== 'function') continue;
      const plan = this.plans.of(
        type,
        method as { readonly name: string },
        key,
        isLasting ? holder : type,
      );
      if (!plan.isSkipped) yield [key, plan];
    }
  }

  /**
   * @param isLasting false for one that is made for a single call: it has nothing to stop
   * @throws AirlockOptionsError for an instance that is frozen
   */
  cover(instance: object, type: Class, keys: readonly string[], isLasting: boolean): void {
    const { runtime, entryPoint, onDispatchError: how } = this;
    let isCovered = false;
    const { outcomeOf } = entryPoint;
    for (const [key, { scope }] of this.plansOf(instance, type, keys, isLasting)) {
      isCovered = true;
      const prepared = outcomeOf ? { ...scope, hooks: { ...scope.hooks, outcomeOf } } : scope;
      replaceOwn(instance, key, runtime, (original) => {
        const declared = declaredResult(type.prototype as object, key, original);
        const isIgnored = entryPoint.ignores?.(key) === true;
        return this.wrap(original, { runtime, prepared, how, declared, isIgnored }, key, type);
      });
    }
    if (!isCovered) return;
    for (const [key, replacement] of Object.entries(entryPoint.alongside ?? {})) {
      if (typeof (instance as Record<string, unknown>)[key] === 'function')
        replaceOwn(instance, key, runtime, replacement);
    }
    if (isLasting) this.lasting.add(instance);
  }

  /** Makes a sender of the peer, such as an event emitter, note the context of each message. */
  coverSender(instance: object, candidate: Candidate): void {
    for (const key of this.entryPoint.senders?.(candidate) ?? []) noteSender(instance, key);
  }

  /** To be called when all modules are initialised. */
  ready(): void {
    for (const instance of this.lasting) this.entryPoint.ready?.(instance);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.lasting].map(async (instance) => this.entryPoint.stop?.(instance)));
  }

  private wrap(original: Method, scope: HandlerScope, key: string, type: Class): Method {
    const wrapped =
      this.entryPoint.wrap?.(original, scope, key, type) ??
      function (this: unknown, ...args: never[]): unknown {
        return callInScope(scope, () => original.apply(this, args));
      };
    if (this.entryPoint.senders === undefined) return wrapped;
    return function (this: unknown, ...args: never[]): unknown {
      return receiveHere(args, () => wrapped.apply(this, args));
    };
  }
}
