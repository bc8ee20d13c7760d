import {
  definerOf,
  type ObservableLike,
  type Observer,
  type SubscriberLike,
} from './observable.js';

type Teardown = Parameters<SubscriberLike['add']>[0];
type Next = Observer['next'];

/**
 * True for an Observable that somebody has made by hand: it has no class to make another one of.
 * @internal
 */
export function isHandmade(source: ObservableLike): boolean {
  return !Object.hasOwn(definerOf(source, 'subscribe'), 'constructor');
}

/** The same Observable, but subscribed to in another way; the original is left alone. @internal */
export function resubscribedByHand<T extends ObservableLike>(
  source: T,
  subscribe: (subscriber: SubscriberLike, source: ObservableLike) => () => void,
): T {
  const original: ObservableLike = {
    subscribe: (inner) =>
      (inner as HandmadeSubscriber).add(source.subscribe(inner) as Teardown | undefined),
  };
  const value = (
    observer?: Partial<Observer> | Next,
    error?: Observer['error'],
    complete?: Observer['complete'],
  ) => {
    const subscriber = new HandmadeSubscriber(
      typeof observer === 'function'
        ? { next: observer, ...(error && { error }), ...(complete && { complete }) }
        : observer,
    );
    subscriber.add(subscribe(subscriber, original));
    return subscriber;
  };
  return Object.create(source, { subscribe: { value, configurable: true, writable: true } }) as T;
}

class HandmadeSubscriber implements SubscriberLike {
  private readonly teardowns: Teardown[] = [];
  closed = false;

  constructor(private readonly observer: Partial<Observer> = {}) {}

  next(value: unknown): void {
    if (!this.closed) this.observer.next?.(value);
  }

  error(error: unknown): void {
    if (this.closed) return;
    this.observer.error?.(error);
    this.unsubscribe();
  }

  complete(): void {
    if (this.closed) return;
    this.observer.complete?.();
    this.unsubscribe();
  }

  add(teardown: Teardown | undefined): void {
    if (teardown === undefined) return;
    if (this.closed) tearDown(teardown);
    else this.teardowns.push(teardown);
  }

  unsubscribe(): void {
    this.closed = true;
    this.teardowns.splice(0).forEach(tearDown);
  }
}

function tearDown(teardown: Teardown): void {
  if (typeof teardown === 'function') teardown();
  else teardown.unsubscribe();
}
