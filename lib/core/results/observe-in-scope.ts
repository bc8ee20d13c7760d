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
    // Whoever leaves may stand anywhere, as in a callback of a socket.
    this.inner = linkedTo(subscriber, this, (inner) =>
      this.isRunning ? scope.run(() => inner.unsubscribe()) : inner.unsubscribe(),
    );
  }

  /**
   * Both inside: Nest binds the context where `handle()` is called, and a handler's Observable
   * works when subscribed to.
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
      // What is to be called at the end of the work in any case (`finalize`) is part of it.
      this.inner.unsubscribe();
    } finally {
      // Whatever that throws is rxjs's to tell, as it is without a scope.
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
