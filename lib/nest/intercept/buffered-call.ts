import { Observable } from 'rxjs';

/**
 * Result of a call that `intercept` has buffered. The call has not been made yet, so there is no
 * result: it yields `undefined` in every way in which such calls are waited for.
 *
 * - `await queue.add(…)`, `.then(…)`, `.catch(…)`, `.finally(…)`: resolved with `undefined`; never
 *   rejected, for a call that is refused throws.
 * - `client.emit(…).subscribe(…)`, `.pipe(…)`, `lastValueFrom(client.emit(…))`: emits `undefined`
 *   once and completes.
 *
 * Code that needs what the call returns, such as a job's id, cannot be buffered and has to leave
 * `intercept`.
 *
 * @publicApi
 */
export class BufferedCall extends Observable<undefined> implements Promise<undefined> {
  readonly [Symbol.toStringTag] = 'BufferedCall';

  /** @internal Made by Airlock. */
  constructor() {
    super((subscriber) => {
      subscriber.next(undefined);
      subscriber.complete();
    });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a Promise.
  then<A = undefined, B = never>(
    onFulfilled?: ((value: undefined) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return Promise.resolve(undefined).then(onFulfilled, onRejected);
  }

  catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<undefined | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<undefined> {
    return Promise.resolve(undefined).finally(onFinally);
  }
}
