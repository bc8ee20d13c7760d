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
 * Makes a subscriber that is unsubscribed with another one. Before the work starts, so that it also
 * stops a source that emits synchronously.
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
 * The same Observable to whoever looks at it, with its class, its methods and its state, but
 * subscribed to in another way. The original is left alone, for others may hold it.
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
      // Operators subscribe to what they are called on; what a subclass has of its own may know
      // only itself.
      const isOwn = typeof value === 'function' && !(key in Observable.prototype);
      return isOwn ? (value.bind(target) as unknown) : value;
    },
  });
}

/**
 * The last prototype that has a method: that of the library's own class; what is made by hand has
 * it itself.
 * @internal
 */
export function definerOf(
  instance: object,
  key: string,
): { readonly constructor: Function & { readonly prototype: object } } {
  let definer = instance;
  for (
    let one: object | null = instance;
    one !== null;
    one = Object.getPrototypeOf(one) as object | null
  )
    if (Object.hasOwn(one, key)) definer = one;
  return definer;
}
