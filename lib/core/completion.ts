import { isObservableLike } from './observable.js';

/**
 * A Promise for the end of what an effect returned, or `undefined` where it has ended already. Observables are
 * recognised by shape, so that any copy of rxjs will do.
 *
 * @internal
 */
export function completionOf(result: unknown): PromiseLike<unknown> | undefined {
  if (result === null || (typeof result !== 'object' && typeof result !== 'function')) return undefined;
  if (isThenable(result)) return result;
  if (!isObservableLike(result)) return undefined;
  return new Promise<void>((resolve, reject) => {
    result.subscribe({ next: () => {}, error: reject, complete: resolve });
  });
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
