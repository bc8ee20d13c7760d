import 'reflect-metadata';
import { Observable } from 'rxjs';

/**
 * Kind of result that a method is declared to return. `unknown` where it carries no sign of it, as
 * with no annotation or one that was imported as a type only; `deferred` where that can at least be
 * no plain value.
 *
 * @internal
 */
export type DeclaredResult = 'promise' | 'observable' | 'deferred' | 'unknown';

const AsyncFunction = (async () => {}).constructor;

/** @param holder the class's prototype, or the class for a static method @internal */
export function declaredResult(
  holder: object,
  key: string | symbol,
  method: object,
): DeclaredResult {
  const type: unknown = Reflect.getMetadata('design:returntype', holder, key);
  if (type === Promise || method instanceof AsyncFunction) return 'promise';
  return type === Observable ? 'observable' : 'unknown';
}

/**
 * Whether a method is declared to return nothing; one that is not `async` and declares nothing
 * looks the same.
 * @internal
 */
export function isDeclaredVoid(holder: object, key: string | symbol): boolean {
  return (
    Reflect.hasMetadata('design:returntype', holder, key) &&
    Reflect.getMetadata('design:returntype', holder, key) === undefined
  );
}

/**
 * An error for a caller who was promised a Promise or an Observable, it is not known which.
 * @internal
 */
export class Refused extends Observable<never> implements PromiseLike<never> {
  /** @param promise the same for whoever awaits it */
  constructor(
    error: unknown,
    private readonly promise: Promise<never>,
  ) {
    super((subscriber) => {
      promise.catch(() => {});
      subscriber.error(error);
    });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a Promise.
  then<A = never, B = never>(
    onFulfilled?: ((value: never) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise.then(onFulfilled, onRejected);
  }
}
