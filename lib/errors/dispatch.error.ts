import { brand, isBranded, isByPrototype } from './airlock.error.js';
import { listed, titleOf } from './thrown.js';

/** One intent that did not get out, and why. @publicApi */
export interface DispatchFailure<I = unknown> {
  readonly intent: I;
  readonly error: unknown;
}

/**
 * Every failure of one flush, together. An `AggregateError` whose `errors` are the causes in order;
 * it also is `instanceof AirlockError`. Its message names the first twenty; `failures` has all.
 * With a `transaction`, the effects could not be written in it and it is rolled back; without one,
 * the work is done.
 *
 * @publicApi
 */
export class DispatchError<
  I extends { readonly name: string } = { readonly name: string },
> extends AggregateError {
  readonly code = 'AIRLOCK_DISPATCH';

  /**
   * @param transaction the one that they were to be written in just before its COMMIT; undefined
   *   for effects that ran
   */
  constructor(
    readonly failures: readonly DispatchFailure<I>[],
    readonly scope: string,
    readonly transaction?: string,
  ) {
    const which = listed(
      failures,
      ({ intent, error }) => `${intent.name} (${titleOf(error).replace(/\.$/, '')})`,
    );
    super(
      failures.map(({ error }) => error),
      transaction === undefined
        ? `${failures.length} of the effects that scope "${scope}" let out failed: ${which}. ` +
            'The work itself is done, and each of these may be sent again or left: `failures` of this error, which `onDispatchError` can be handed, has the calls.'
        : `${failures.length} of the effects that scope "${scope}" called in "${transaction}" could not be written before its COMMIT: ${which}. ` +
            'So the transaction is rolled back, and nothing of it is stored or gets out. Mend what `failures` names, and run the work again.',
      { cause: failures[0]?.error },
    );
    this.name = 'DispatchError';
    brand(this, 'AirlockError', 'DispatchError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === DispatchError ? isBranded(value, 'DispatchError') : isByPrototype(this, value);
  }
}
