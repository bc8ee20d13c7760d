import 'reflect-metadata';
import type { Observable } from 'rxjs';
import { AirlockRuntime } from '../../core/runtime.js';
import type { WorkScope } from '../../core/run-and-end.js';
import { contexts } from '../../core/scope/context.js';
import { methodName } from '../../core/effect/bound-effect.js';
import type { ScopeOptions } from '../../core/scope-options.js';
import type { PolicyRef } from '../../core/model/policy.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { dispatchTime } from '../options/option-checks.js';
import type { DispatchTime } from '../options/boundary-options.js';
import { ownerOf } from '../methods/owner.js';
import { declaredResult } from '../methods/declared-result.js';
import { callInScope, type HandlerScope } from '../calls/call-in-scope.js';
import { policiesOn, policiesOnMethod, refsOf } from './use-airlock-policy.decorator.js';
import { wrapMethod } from '../methods/wrap-method.js';

const AIRLOCK = 'nestjs-airlock:airlock';

/**
 * Impossible type by which `@Airlock()` refuses a method with a result that no scope can wait for.
 * @publicApi
 */
export interface AirlockNeedsAsyncMethod {
  readonly '@Airlock() needs a method that returns a Promise or an Observable: its effects get out at the end of it': never;
}

/** Options of the scope around an `@Airlock()` method. @publicApi */
export interface AirlockMethodOptions extends ScopeOptions {
  /**
   * Time at which the effects of a request run, before the response or after it; for handlers of
   * routes only. @default the boundary's
   */
  readonly dispatch?: DispatchTime;
}

type AsyncMethod<T extends (...args: never[]) => unknown> = [ReturnType<T>] extends [
  PromiseLike<unknown> | Observable<unknown>,
]
  ? TypedPropertyDescriptor<T>
  : AirlockNeedsAsyncMethod;

/**
 * Opens a scope around each call of a method: nested if one is open, else a root. Takes one
 * policy, or the options of the scope; `@UseAirlockPolicy()` beside it, in either order, or on the
 * class narrows it further.
 *
 * Of an Observable, each subscription is a unit of work of its own; the first one also decides
 * about what the call itself has buffered. While shutting down, a call is answered with a Promise
 * or an Observable of `ShuttingDownError`.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Backfill {
 *   constructor(private readonly orders: OrderService) {}
 *
 *   // Orders are placed, and nobody is mailed.
 *   @Airlock(DropAll)
 *   async run(): Promise<void> {
 *     await this.orders.place(1);
 *   }
 * }
 * ```
 *
 * @publicApi
 */
export function Airlock(
  policyOrOptions?: PolicyRef | AirlockMethodOptions,
): <T extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: AsyncMethod<T> & TypedPropertyDescriptor<T>,
) => void {
  const options = scopeOptionsOf(policyOrOptions);
  return (target, key, descriptor) => {
    wrapMethod(descriptor, (original) => {
      const result = declaredResult(target, key, original);
      const declared = result === 'unknown' ? 'deferred' : result;
      return function (this: unknown, ...args: never[]): unknown {
        const runtime =
          ownerOf(this) ??
          (contexts.getStore()?.host as AirlockRuntime | undefined) ??
          new AirlockRuntime();
        const name = options.name ?? methodName((this as object | undefined) ?? target, key);
        const policy = [
          ...refsOf(options.policy),
          ...policiesOnMethod(target, key),
          ...policiesOn(classOf(this ?? target)),
        ];
        const prepared = runtime.prepare({ ...options, name, policy }, this as object | undefined);
        const how = options.onDispatchError ?? 'throw';
        return callInScope(
          { runtime, prepared, how, declared, isEager: true },
          () => original.apply(this, args),
          refuseValue,
        );
      };
    });
    Reflect.defineMetadata(AIRLOCK, options, descriptor.value as object);
  };
}

/** Returns the class of an instance, or for a static method the class itself. */
function classOf(holder: object): object {
  return typeof holder === 'function' ? holder : holder.constructor;
}

/** The options of an `@Airlock()` method; undefined for any other. @internal */
export function airlockOn(method: object): AirlockMethodOptions | undefined {
  return Reflect.getMetadata(AIRLOCK, method) as AirlockMethodOptions | undefined;
}

/** Refuses a plain value, since no caller could wait until its effects are out. */
function refuseValue({ runtime, prepared, how }: HandlerScope, scope: WorkScope): never {
  void runtime.endScope(scope, 'failed', 'a synchronous result', how);
  throw new AirlockOptionsError(
    '@Airlock',
    `\`${prepared.name}\` returned neither a Promise nor an Observable, so \`@Airlock()\` cannot let its effects out and dropped them. Make it \`async\`.`,
  );
}

const OPTION_KEYS: readonly string[] = [
  'name',
  'policy',
  'executor',
  'onDispatchError',
  'dispatchMode',
  'outcomeOf',
  'shouldFlush',
  'beforeDescendantFlushes',
  'dispatch',
] satisfies (keyof AirlockMethodOptions)[];

/** A class or anything with a class is a policy, a plain object is options. */
function scopeOptionsOf(
  policyOrOptions: PolicyRef | AirlockMethodOptions | undefined,
): AirlockMethodOptions {
  if (policyOrOptions === undefined) return {};
  if (
    typeof policyOrOptions === 'function' ||
    Object.getPrototypeOf(policyOrOptions) !== Object.prototype ||
    'allows' in policyOrOptions ||
    'onEnqueue' in policyOrOptions
  ) {
    return { policy: policyOrOptions as PolicyRef };
  }
  for (const key of Object.keys(policyOrOptions)) {
    if (OPTION_KEYS.includes(key)) continue;
    throw new AirlockOptionsError(
      key,
      `Unknown option \`${key}\` in \`@Airlock()\`. Known options: ${OPTION_KEYS.join(', ')}.`,
    );
  }
  const { dispatch } = policyOrOptions as AirlockMethodOptions;
  if (dispatch !== undefined) dispatchTime('dispatch', dispatch);
  return policyOrOptions as AirlockMethodOptions;
}
