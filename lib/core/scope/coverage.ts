import { isThenable } from '../results/completion.js';
import { contexts } from './context.js';
import {
  isObservableLike,
  linkedTo,
  type ObservableLike,
  resubscribed,
} from '../results/observable.js';

/** Runs a function under a policy or in a scope. @internal */
export type Enter = <R>(fn: () => R) => R;

/**
 * Runs `fn` as `enter` does, and what it returns as well: work that only begins when a query is
 * awaited, a generator is asked for its next value or an Observable is subscribed to, belongs to
 * what `fn` was called in (rule 11). Whoever uses it stands outside.
 *
 * A query or a generator stays the same object. An Observable, which others may hold too, is
 * answered with one like it.
 *
 * @internal
 */
export function covered<R>(enter: Enter, fn: () => R): R {
  return cover(enter(fn), enter);
}

/** The second half of `covered`. @internal */
export function cover<R>(value: R, enter: Enter): R;
export function cover(value: unknown, enter: Enter): unknown {
  if (
    ((typeof value !== 'object' || value === null) && typeof value !== 'function') ||
    hasBegun(value)
  )
    return value;
  if (isThenable(value))
    return listenedTo.has(value) ? value : withMethods(value, ['then', 'catch', 'finally'], enter);
  if (isObservableLike(value)) {
    // One that somebody made by hand has no class.
    return Object.hasOwn(value, 'subscribe')
      ? withMethods(value, ['subscribe'], enter)
      : coveredObservable(value, enter);
  }
  return isGenerator(value) ? withMethods(value, ['next', 'return', 'throw'], enter) : value;
}

/**
 * True if work is under way, in the context it was called in, as that of a Promise is. Not of one
 * of a subclass: some database clients begin when it is awaited.
 *
 * @internal
 */
export function hasBegun(value: object): boolean {
  return Object.getPrototypeOf(value) === Promise.prototype;
}

/**
 * Promises of a subclass that were covered and somebody has listened to: they have begun, and begin
 * once. One that is kept for many callers would else be covered by each, in scopes that have ended.
 */
const listenedTo = new WeakSet<object>();

/** Other iterators, such as those of a Map, run no code of the caller's. @internal */
export function isGenerator(value: object): boolean {
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'AsyncGenerator' || tag === 'Generator';
}

/** Replaces methods on the object itself, or on one derived from it where it is frozen. */
function withMethods(target: object, names: readonly string[], enter: Enter): object {
  const methods: PropertyDescriptorMap = {};
  const begun = { hasBegun: false };
  for (const name of names) {
    const method: unknown = (target as Record<string, unknown>)[name];
    if (typeof method === 'function') methods[name] = replacing(method as Method, enter, begun);
  }
  return Object.isExtensible(target)
    ? Object.defineProperties(target, methods)
    : Object.create(target, methods);
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

function replacing(method: Method, enter: Enter, state: { hasBegun: boolean }): PropertyDescriptor {
  const value = function (this: unknown, ...args: unknown[]): unknown {
    if (this instanceof Promise) {
      if (state.hasBegun) return method.apply(this, args);
      state.hasBegun = true;
      listenedTo.add(this);
    }
    const callers = contexts.getStore();
    const given = args.map((one) =>
      typeof one === 'function' ? outside(callers, one as Method) : one,
    );
    return enter(() => method.apply(this, given));
  };
  return { value, configurable: true, writable: true, enumerable: false };
}

function outside(callers: ReturnType<typeof contexts.getStore>, callback: Method): Method {
  return (...args) => contexts.run(callers as never, callback, ...args);
}

function coveredObservable(source: ObservableLike, enter: Enter): ObservableLike {
  return resubscribed(source, (subscriber) => {
    const callers = contexts.getStore();
    let inside: typeof callers;
    /** Leaves what comes from elsewhere, as from a Subject, where it is. */
    const handOn = (work: () => void): void =>
      contexts.getStore() === inside ? contexts.run(callers as never, work) : work();
    const observer = {
      next: (value: unknown): void => handOn(() => subscriber.next(value)),
      error: (error: unknown): void => handOn(() => subscriber.error(error)),
      complete: (): void => handOn(() => subscriber.complete()),
    };
    const inner = linkedTo(subscriber, observer, (one) => enter(() => one.unsubscribe()));
    enter(() => {
      inside = contexts.getStore();
      source.subscribe(inner);
    });
  });
}
