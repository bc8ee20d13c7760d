import 'reflect-metadata';
import { Observable } from 'rxjs';

/**
 * Kind of result that a method is declared to return. `unknown` if its metadata does not say, as
 * without an annotation or with one that was imported as a type only; `deferred` if it is unknown,
 * but no plain value.
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
 * True if a method is declared to return nothing. A method that is not `async` and declares no
 * result looks the same.
 * @internal
 */
export function isDeclaredVoid(holder: object, key: string | symbol): boolean {
  return (
    Reflect.hasMetadata('design:returntype', holder, key) &&
    Reflect.getMetadata('design:returntype', holder, key) === undefined
  );
}

/**
 * A refusal for a caller who expects either a Promise or an Observable.
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
