import { type Observable, Subscriber, type TeardownLogic } from 'rxjs';
import type { EffectScope } from '../core/effect-scope.js';
import type { Outcome } from '../core/intent.js';

/** What of a scope is needed to work in it. @internal */
export type Enterable = Pick<EffectScope, 'run'>;

/**
 * Subscribes to a unit of work and ends it with it: same emissions, then the end, then the completion or the error.
 *
 * @param end told once how the work ended; rejects only to fail work that completed
 * @internal
 */
export function follow<T>(
  source: () => Observable<T>,
  subscriber: Subscriber<T>,
  scope: Enterable,
  end: (outcome: Outcome) => void | Promise<void>,
): TeardownLogic {
  let isRunning = true;
  const endThen = (outcome: Outcome, proceed: () => void): void => {
    isRunning = false;
    const fail = (error: unknown): void => subscriber.error(error);
    try {
      const ending = end(outcome);
      if (ending) ending.then(proceed, fail);
      else proceed();
    } catch (error) {
      fail(error);
    }
  };
  // A subscriber that is linked before the work starts also stops a source that emits synchronously.
  const inner = new Subscriber<T>({
    next: (value) => subscriber.next(value),
    error: (error: unknown) => endThen('failed', () => subscriber.error(error)),
    complete: () => endThen('completed', () => subscriber.complete()),
  });
  subscriber.add(inner);
  // Both inside: Nest binds the context where `handle()` is called, and a handler's Observable works when subscribed to.
  scope.run(() => source().subscribe(inner));
  return () => {
    if (!isRunning) return;
    isRunning = false;
    void end('cancelled');
  };
}
