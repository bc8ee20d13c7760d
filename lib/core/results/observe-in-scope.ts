import { isHandmade, resubscribedByHand } from './handmade-observable.js';
import { kindOf } from '../../errors/thrown.js';
import type { Outcome } from '../model/scope-view.js';
import {
  linkedTo,
  type ObservableLike,
  type Observer,
  resubscribed,
  type SubscriberLike,
} from './observable.js';

/** A scope, as the work in it uses it. @internal */
export interface Enterable {
  run<R>(fn: () => R): R;
  /** Told the error of the work, before the scope is ended. */
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
    : resubscribed(source, (subscriber) => subscribe(subscriber));
}

/**
 * Subscribes to the work of a scope and ends the scope with it: same emissions, then the end of the
 * scope, then the completion or the error.
 *
 * @param end told once how the work ended, and its last emission; rejects only to fail work that
 *   completed
 * @internal
 */
export function observeInScope(
  source: () => ObservableLike,
  subscriber: SubscriberLike,
  scope: Enterable,
  end: End,
): () => void {
  const work = new ObservedWork(subscriber, scope, end);
  work.begin(source);
  return () => work.cancel();
}

type End = (outcome: Outcome, last: unknown) => void | Promise<void>;

class ObservedWork implements Observer {
  private isRunning = true;
  private last: unknown;
  private readonly inner: SubscriberLike;

  constructor(
    private readonly subscriber: SubscriberLike,
    private readonly scope: Enterable,
    private readonly end: End,
  ) {
    // The subscriber may leave in any context, such as that of a socket.
    this.inner = linkedTo(subscriber, this, (inner) =>
      this.isRunning ? scope.run(() => inner.unsubscribe()) : inner.unsubscribe(),
    );
  }

  /**
   * Calls `source` and subscribes inside the scope: Nest binds the context in which `handle()` is
   * called, and a handler's Observable works when it is subscribed to.
   */
  begin(source: () => ObservableLike): void {
    this.scope.run(() => source().subscribe(this.inner));
  }

  next(value: unknown): void {
    this.scope.emitted?.();
    this.last = value;
    this.subscriber.next(value);
  }

  error(error: unknown): void {
    this.scope.failedBy?.(kindOf(error));
    this.finish('failed', () => this.subscriber.error(error));
  }

  complete(): void {
    this.finish('completed', () => this.subscriber.complete());
  }

  cancel(): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    void this.end('cancelled', this.last);
  }

  private finish(outcome: Outcome, proceed: () => void): void {
    this.isRunning = false;
    try {
      // `finalize` is part of the work.
      this.inner.unsubscribe();
    } finally {
      // Not caught: rxjs reports what `finalize` throws, as it does without a scope.
      this.settle(outcome, proceed);
    }
  }

  private settle(outcome: Outcome, proceed: () => void): void {
    const fail = (error: unknown): void => this.subscriber.error(error);
    try {
      const ending = this.end(outcome, this.last);
      if (ending) ending.then(proceed, fail);
      else proceed();
    } catch (error) {
      fail(error);
    }
  }
}
