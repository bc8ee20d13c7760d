// Observables by their shape: those of any copy of rxjs, which the core does not import.

/** @internal */
export interface Observer {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** The subscriber that an Observable works for: stops it when it is unsubscribed. @internal */
export interface SubscriberLike extends Observer {
  add(teardown: { unsubscribe(): void } | (() => void)): void;
  unsubscribe(): void;
}

/** @internal */
export interface ObservableLike {
  subscribe(observer: Observer): unknown;
}

type SubscriberClass = new (observer: Observer) => SubscriberLike;
type ObservableClass = new (subscribe: (subscriber: SubscriberLike) => unknown) => ObservableLike;

/** @internal */
export function isObservableLike(value: object): value is ObservableLike {
  return typeof (value as Partial<ObservableLike>).subscribe === 'function' && 'pipe' in value;
}

/**
 * Makes a subscriber that is unsubscribed with another one. It is linked before the work starts, so
 * that it also stops a source that emits synchronously.
 *
 * @param stop unsubscribes it
 * @internal
 */
export function linkedTo(
  subscriber: SubscriberLike,
  observer: Observer,
  stop: (inner: SubscriberLike) => void,
): SubscriberLike {
  const Subscriber = definerOf(subscriber, 'next').constructor as SubscriberClass;
  const inner = new Subscriber(observer);
  subscriber.add(() => stop(inner));
  return inner;
}

/**
 * Makes an Observable that is subscribed to in another way, and looks like the original: it has its
 * class, its methods and its state. The original is left alone, for others may hold it.
 *
 * @internal
 */
export function resubscribed<T extends ObservableLike>(
  source: T,
  subscribe: (subscriber: SubscriberLike) => unknown,
): T {
  const { constructor: Observable } = definerOf(source, 'subscribe');
  const other = new (Observable as ObservableClass)(subscribe);
  return new Proxy(source, {
    get(target, key) {
      if (key === 'subscribe') return other.subscribe.bind(other);
      const value: unknown = Reflect.get(target, key, target);
      // Operators subscribe to the object that they are called on. Methods of a subclass may have
      // private state of the original.
      const isOwn = typeof value === 'function' && !(key in Observable.prototype);
      return isOwn ? (value.bind(target) as unknown) : value;
    },
  });
}

/**
 * The last prototype that has a method: that of the library's own class, or the object itself if it
 * was made by hand.
 * @internal
 */
export function definerOf(
  instance: object,
  key: string,
): { readonly constructor: Function & { readonly prototype: object } } {
  let definer = instance;
  for (
    let at: object | null = instance;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  )
    if (Object.hasOwn(at, key)) definer = at;
  return definer;
}
