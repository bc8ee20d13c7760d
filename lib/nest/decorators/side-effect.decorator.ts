import 'reflect-metadata';
import { contexts } from '../../core/scope/context.js';
import { boundEffect, methodName } from '../../core/effect/bound-effect.js';
import { NO_OPTIONS } from '../../core/enqueue/enqueue.js';
import { enqueueInnermost } from '../../core/functions.js';
import { type Effect, type EnqueueOptions, fixed } from '../../core/model/enqueue-options.js';
import type { PolicyRef } from '../../core/model/policy.js';
import type { EndAtCall } from '../../core/model/end-at-call.js';
import { refused } from '../../core/outside/refused-call.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { text } from '../options/option-checks.js';
import { ownerOf } from '../methods/owner.js';
import { isDeclaredVoid } from '../methods/declared-result.js';
import { policiesOnMethod, refsOf } from './use-airlock-policy.decorator.js';
import { wrapMethod } from '../methods/wrap-method.js';

const SIDE_EFFECT = 'nestjs-airlock:side-effect';
const SIDE_EFFECT_BODY = 'nestjs-airlock:side-effect-body';

/**
 * `EnqueueOptions` for every call of a method; the dedupe key may depend on the arguments.
 * @publicApi
 */
export type SideEffectOptions<A extends unknown[] = never[]> = Omit<EnqueueOptions, 'dedupeKey'> & {
  readonly dedupeKey?: string | ((...args: A) => string);
};

/**
 * Impossible type by which `@SideEffect()` refuses a method whose result would get lost. @publicApi
 */
export interface SideEffectReturnsNothing {
  readonly 'a side effect returns void or Promise<void>: its call is buffered, so nobody could get a value': never;
}

/**
 * Impossible type by which `@SideEffect()` refuses a dedupe key made of other arguments than the
 * method takes. @publicApi
 */
export interface DedupeKeyTakesOtherArguments {
  readonly 'the dedupe key is made of the arguments of the method': never;
}

interface SideEffectMetadata {
  readonly options: SideEffectOptions;
  readonly body: Effect;
}

type AnyMethod = (...args: never[]) => unknown;

type SideEffectMethod<T extends AnyMethod, A extends unknown[]> = [ReturnType<T>] extends [
  void | Promise<void>,
]
  ? ((...args: A) => void) extends (...args: Parameters<T>) => void
    ? TypedPropertyDescriptor<T>
    : DedupeKeyTakesOtherArguments
  : SideEffectReturnsNothing;

/**
 * Makes every call of a method an intent: buffered now, run when the scope lets it out.
 *
 * A call returns a resolved Promise. If it is refused (`NoScopeError`, `BufferLimitError`, a
 * policy's error, …) it rejects and never throws; a rejection that nobody listens to is no
 * unhandled rejection, but fails the scope that is open at the call. A method that is declared
 * `void`, or is not `async` and declares nothing, returns nothing and throws.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class MailService {
 *   // Called twice for one order in a unit of work, it goes out once.
 *   @SideEffect({ dedupeKey: (orderId: number) => `receipt ${orderId}` })
 *   async sendReceipt(orderId: number): Promise<void> {
 *     await smtp.sendMail({ to: 'ann@example.com', subject: `Receipt for order ${orderId}` });
 *   }
 * }
 * ```
 *
 * @publicApi
 */
// `any`: without a dedupe key, a method may take whatever it likes.
export function SideEffect<A extends unknown[] = any[]>(
  options: SideEffectOptions<A> = NO_OPTIONS,
): <T extends AnyMethod>(
  target: object,
  key: string | symbol,
  descriptor: SideEffectMethod<T, A> & TypedPropertyDescriptor<T>,
) => void {
  return (target, key, descriptor) => {
    const isVoid = isDeclaredVoid(target, key);
    const { dedupeKey, name } = options;
    if (name !== undefined) text('name', name);
    const written = fixed(options as EnqueueOptions);
    let constant: EnqueueOptions | undefined;
    const body = descriptor.value as Effect;
    wrapMethod(descriptor, () => {
      return function (this: unknown, ...args: never[]): PromiseLike<void> | undefined {
        let end: EndAtCall;
        try {
          // Read at the first call: decorators above this one are applied later.
          constant ??= narrowed(written, policiesOnMethod(target, key));
          const called: EnqueueOptions =
            typeof dedupeKey === 'function'
              ? { ...constant, dedupeKey: dedupeKey(...(args as unknown as A)) }
              : constant;
          if (this === undefined || this === null) throw withoutObject(methodName(target, key));
          const effect = boundEffect(this as object, body, key);
          const owner = ownerOf(this);
          end =
            owner === undefined
              ? enqueueInnermost(called, effect, args)
              : owner.enqueue(called, effect, args);
        } catch (error) {
          if (isVoid) throw error;
          return refused(error, ownerOf(this)?.context ?? contexts.getStore());
        }
        return isVoid ? undefined : end || Promise.resolve();
      };
    });
    Reflect.defineMetadata(
      SIDE_EFFECT,
      { options: options as SideEffectOptions, body } satisfies SideEffectMetadata,
      descriptor.value as object,
    );
    Reflect.defineMetadata(SIDE_EFFECT_BODY, true, body);
  };
}

/** Adds policies to options; the same options if there are none. */
function narrowed(options: EnqueueOptions, policies: readonly PolicyRef[]): EnqueueOptions {
  if (policies.length === 0) return options;
  return fixed(Object.freeze({ ...options, policy: [...refsOf(options.policy), ...policies] }));
}

function withoutObject(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    name,
    `\`${name}\` was called without its object, so its effect could not run on one. Call it as a method, or bind it first.`,
  );
}

/** The options of a `@SideEffect()` method; undefined for any other. @internal */
export function sideEffectOn(method: object): SideEffectOptions | undefined {
  return metadataOn(method)?.options;
}

/** Returns the undecorated method of a `@SideEffect()` method. @internal */
export function sideEffectBodyOn(method: object): Effect | undefined {
  return metadataOn(method)?.body;
}

/** True for the undecorated method of a `@SideEffect()` method. @internal */
export function isSideEffectBody(method: object): boolean {
  return Reflect.hasMetadata(SIDE_EFFECT_BODY, method);
}

function metadataOn(method: object): SideEffectMetadata | undefined {
  return Reflect.getMetadata(SIDE_EFFECT, method) as SideEffectMetadata | undefined;
}
