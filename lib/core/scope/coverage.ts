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
 * Runs `fn` by `enter`, and also the work that its result begins later: when a query is awaited, a
 * generator is asked for its next value or an Observable is subscribed to (rule 11). The code that
 * uses the result stays outside.
 *
 * A query or a generator stays the same object. An Observable, which others may hold too, is
 * replaced by one like it.
 *
 * @internal
 */
export function covered<R>(enter: Enter, fn: () => R): R {
  return cover(enter(fn), enter);
}

/** Covers what `fn` has returned: see `covered`. @internal */
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
    // An Observable that was made by hand has no class.
    return Object.hasOwn(value, 'subscribe')
      ? withMethods(value, ['subscribe'], enter)
      : coveredObservable(value, enter);
  }
  return isGenerator(value) ? withMethods(value, ['next', 'return', 'throw'], enter) : value;
}

/**
 * True for a Promise: its work is under way, in the context it was called in. False for one of a
 * subclass, since some database clients begin only when it is awaited.
 *
 * @internal
 */
export function hasBegun(value: object): boolean {
  return Object.getPrototypeOf(value) === Promise.prototype;
}

/**
 * Promises of a subclass that were covered and have begun, since somebody has listened to them.
 * Without this list, a Promise that many callers share would be covered again for each of them, in
 * scopes that have ended.
 */
const listenedTo = new WeakSet<object>();

/** Other iterators, such as those of a Map, run no code of the caller's. @internal */
export function isGenerator(value: object): boolean {
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'AsyncGenerator' || tag === 'Generator';
}

/** Replaces methods on the object itself, or on one derived from it if it is frozen. */
function withMethods(target: object, names: readonly string[], enter: Enter): object {
  const methods: PropertyDescriptorMap = {};
  const state = { hasBegun: false };
  for (const name of names) {
    const method: unknown = (target as Record<string, unknown>)[name];
    if (typeof method === 'function') methods[name] = replacing(method as Method, enter, state);
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
    const bound = args.map((arg) =>
      typeof arg === 'function' ? outside(callers, arg as Method) : arg,
    );
    return enter(() => method.apply(this, bound));
  };
  return { value, configurable: true, writable: true, enumerable: false };
}

function outside(callers: ReturnType<typeof contexts.getStore>, callback: Method): Method {
  return (...args) => contexts.run(callers, callback, ...args);
}

function coveredObservable(source: ObservableLike, enter: Enter): ObservableLike {
  return resubscribed(source, (subscriber) => {
    const callers = contexts.getStore();
    let inside: typeof callers;
    /**
     * Hands on in the caller's context; emissions from elsewhere, as of a Subject, stay in theirs.
     */
    const handOn = (work: () => void): void =>
      contexts.getStore() === inside ? contexts.run(callers, work) : work();
    const observer = {
      next: (value: unknown): void => handOn(() => subscriber.next(value)),
      error: (error: unknown): void => handOn(() => subscriber.error(error)),
      complete: (): void => handOn(() => subscriber.complete()),
    };
    const inner = linkedTo(subscriber, observer, (linked) => enter(() => linked.unsubscribe()));
    enter(() => {
      inside = contexts.getStore();
      source.subscribe(inner);
    });
  });
}
