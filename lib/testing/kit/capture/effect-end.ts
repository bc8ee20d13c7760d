import { DispatchError } from '../../../errors/dispatch.error.js';

/**
 * End of an effect that runs at its call. Code that awaits or catches it gets the effect's own
 * error. An error that nobody handles is logged, and is no unhandled rejection.
 *
 * @internal
 */
export class EffectEnd extends Promise<void> {
  /** A plain Promise: one that is derived from this belongs to the code that derives it. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  private isHeard = false;

  constructor(end: Promise<void>, logError: (error: unknown) => void) {
    super((resolve, reject) => void end.then(resolve, (error) => reject(causeOf(error))));
    super.then(undefined, () => {});
    end.catch((error: unknown) => void this.logUnheard(error, logError));
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a Promise.
  override then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isHeard ||= typeof onRejected === 'function';
    return super.then(onFulfilled, onRejected);
  }

  private async logUnheard(error: unknown, logError: (error: unknown) => void): Promise<void> {
    // The `await` of a call that fails at once listens a turn later.
    await Promise.resolve();
    await Promise.resolve();
    if (!this.isHeard) logError(error);
  }
}

function causeOf(error: unknown): Error {
  return (error instanceof DispatchError ? error.cause : error) as Error;
}
