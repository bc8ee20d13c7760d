import { isObservableLike, type ObservableLike } from './observable.js';

/**
 * A Promise for the end of what an effect returned, or `undefined` if it has ended already.
 * Observables are recognised by shape, so that any copy of rxjs will do.
 *
 * @internal
 */
export function completionOf(result: unknown): PromiseLike<unknown> | undefined {
  if (result === null || (typeof result !== 'object' && typeof result !== 'function'))
    return undefined;
  if (isThenable(result)) return result;
  if (!isObservableLike(result)) return undefined;
  return new ObservedEnd(result);
}

/** The end of an Observable that is subscribed to, which may be given up. @internal */
export class ObservedEnd implements PromiseLike<void> {
  private readonly end: Promise<void>;
  private subscription: unknown;

  constructor(source: ObservableLike) {
    this.end = new Promise<void>((resolve, reject) => {
      this.subscription = source.subscribe({ next: () => {}, error: reject, complete: resolve });
    });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a Promise.
  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.end.then(onFulfilled, onRejected);
  }

  /** Unsubscribes: it neither completes nor fails any more. @throws what a teardown throws */
  giveUp(): void {
    (this.subscription as { unsubscribe?(): void } | undefined)?.unsubscribe?.();
  }
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
