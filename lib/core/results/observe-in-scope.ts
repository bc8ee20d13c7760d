import { isHandmade, resubscribedByHand } from './handmade-observable.js';
import { kindOf } from '../../errors/thrown.js';
import type { Outcome } from '../model/scope-view.js';
import { linkedTo, type ObservableLike, resubscribed, type SubscriberLike } from './observable.js';

/** A scope, as work in it needs it. @internal */
export interface Enterable {
  run<R>(fn: () => R): R;
  /** Told what the work failed with, before it is ended. */
  failedBy?(reason: string): void;
  /** Told of each emission. */
  emitted?(): void;
}

/**
 * The same Observable, each subscription to which is a unit of work in a scope of its own.
 * @internal
 */
export function observedInScopes<T extends ObservableLike, S extends Enterable>(
  source: T,
  begin: () => S,
  end: (scope: S, outcome: Outcome) => void | Promise<void>,
): T {
  const subscribe = (subscriber: SubscriberLike, to: ObservableLike = source): (() => void) => {
    const scope = begin();
    return observeInScope(
      () => to,
      subscriber,
      scope,
      (outcome) => end(scope, outcome),
    );
  };
  return isHandmade(source)
    ? resubscribedByHand(source, subscribe)
    : resubscribed(source, (one) => subscribe(one));
}

/**
 * Subscribes to a unit of work and ends it with it: same emissions, then the end, then the
 * completion or the error.
 *
 * @param end told once how the work ended, and what it has emitted last; rejects only to fail work
 *   that completed
 * @internal
 */
export function observeInScope(
  source: () => ObservableLike,
  subscriber: SubscriberLike,
  scope: Enterable,
  end: (outcome: Outcome, last: unknown) => void | Promise<void>,
): () => void {
  let isRunning = true;
  let last: unknown;
  const endThen = (outcome: Outcome, proceed: () => void): void => {
    isRunning = false;
    try {
      // What is to be called at the end of the work in any case (`finalize`) is part of it.
      inner.unsubscribe();
    } finally {
      // Whatever that throws is rxjs's to tell, as it is without a scope.
      settle(outcome, proceed);
    }
  };
  const settle = (outcome: Outcome, proceed: () => void): void => {
    const fail = (error: unknown): void => subscriber.error(error);
    try {
      const ending = end(outcome, last);
      if (ending) ending.then(proceed, fail);
      else proceed();
    } catch (error) {
      fail(error);
    }
  };
  const inner = linkedTo(
    subscriber,
    {
      next: (value) => {
        scope.emitted?.();
        last = value;
        subscriber.next(value);
      },
      error: (error) => {
        scope.failedBy?.(kindOf(error));
        endThen('failed', () => subscriber.error(error));
      },
      complete: () => endThen('completed', () => subscriber.complete()),
    },
    // Whoever leaves may stand anywhere, as in a callback of a socket.
    (one) => (isRunning ? scope.run(() => one.unsubscribe()) : one.unsubscribe()),
  );
  // Both inside: Nest binds the context where `handle()` is called, and a handler's Observable
  // works when subscribed to.
  scope.run(() => source().subscribe(inner));
  return () => {
    if (!isRunning) return;
    isRunning = false;
    void end('cancelled', last);
  };
}
