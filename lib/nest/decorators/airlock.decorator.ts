import 'reflect-metadata';
import { isObservable, Observable } from 'rxjs';
import { AirlockRuntime } from '../../core/airlock-runtime.js';
import { isThenable } from '../../core/completion.js';
import { contexts } from '../../core/context.js';
import { methodName } from '../../core/deferred.js';
import type { EffectScope, OnDispatchError, ScopeOptions } from '../../core/effect-scope.js';
import type { Outcome, PolicyRef } from '../../core/intent.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { follow } from '../follow.js';
import { ownerOf } from '../ownership.js';
import { wrapMethod } from './wrap-method.js';

const AIRLOCK = 'nestjs-airlock:airlock';

/** What `@Airlock()` says where a scope could not wait for its method's end. @publicApi */
export interface AirlockNeedsAsyncMethod {
  readonly '@Airlock() needs a method that returns a Promise or an Observable: its effects get out at the end of it': never;
}

type AsyncMethod<T extends (...args: never[]) => unknown> = [ReturnType<T>] extends [
  PromiseLike<unknown> | Observable<unknown>,
]
  ? TypedPropertyDescriptor<T>
  : AirlockNeedsAsyncMethod;

/**
 * Opens a scope around each call of a method: nested where one is open, else a root. Takes one policy, or the options of
 * the scope. An Observable's scope ends with its first subscription.
 *
 * @publicApi
 */
export function Airlock(
  policyOrOptions?: PolicyRef | ScopeOptions,
): <T extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: AsyncMethod<T> & TypedPropertyDescriptor<T>,
) => void {
  const options = scopeOptionsOf(policyOrOptions);
  return (target, key, descriptor) => {
    wrapMethod(descriptor, (original) => {
      return function (this: unknown, ...args: never[]): unknown {
        const runtime =
          ownerOf(this) ?? (contexts.getStore()?.host as AirlockRuntime | undefined) ?? new AirlockRuntime();
        const name = options.name ?? methodName((this as object | undefined) ?? target, key);
        return inScope(runtime, { ...options, name }, () => original.apply(this, args));
      };
    });
    Reflect.defineMetadata(AIRLOCK, options, descriptor.value as object);
  };
}

/** The options of an `@Airlock()` method; undefined for any other. @internal */
export function airlockOn(method: object): ScopeOptions | undefined {
  return Reflect.getMetadata(AIRLOCK, method) as ScopeOptions | undefined;
}

function inScope(runtime: AirlockRuntime, options: ScopeOptions, call: () => unknown): unknown {
  const scope = runtime.open(options);
  const how = options.onDispatchError ?? 'throw';
  let result: unknown;
  try {
    result = scope.run(call);
  } catch (error) {
    void runtime.conclude(scope, 'failed', 'the error of its work', how);
    throw error;
  }
  if (isThenable(result)) return runtime.follow(scope, () => result, how);
  if (isObservable(result)) return followOnce(runtime, scope, result, how);
  void runtime.conclude(scope, 'failed', 'a synchronous result', how);
  throw new AirlockOptionsError(
    '@Airlock',
    `\`${options.name}\` returned neither a Promise nor an Observable, so \`@Airlock()\` cannot let its effects out and dropped them. Make it \`async\`.`,
  );
}

function followOnce(
  runtime: AirlockRuntime,
  scope: EffectScope,
  source: Observable<unknown>,
  how: OnDispatchError,
): Observable<unknown> {
  return new Observable((subscriber) => {
    if (scope.state !== 'open') return source.subscribe(subscriber);
    const end = (outcome: Outcome): void | Promise<void> =>
      runtime.conclude(scope, outcome, 'the end of its Observable', how);
    return follow(() => source, subscriber, scope, end);
  });
}

const OPTION_KEYS: readonly string[] = [
  'name',
  'policy',
  'executor',
  'onDispatchError',
  'dispatchMode',
  'shouldFlush',
  'beforeDescendantFlushes',
] satisfies (keyof ScopeOptions)[];

/** A class or anything with a class is a policy, a plain object is options. */
function scopeOptionsOf(given: PolicyRef | ScopeOptions | undefined): ScopeOptions {
  if (given === undefined) return {};
  if (
    typeof given === 'function' ||
    Object.getPrototypeOf(given) !== Object.prototype ||
    'allows' in given ||
    'onEnqueue' in given
  ) {
    return { policy: given as PolicyRef };
  }
  for (const key of Object.keys(given)) {
    if (OPTION_KEYS.includes(key)) continue;
    throw new AirlockOptionsError(
      key,
      `Unknown option \`${key}\` in \`@Airlock()\`. Known options: ${OPTION_KEYS.join(', ')}.`,
    );
  }
  return given as ScopeOptions;
}
