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
 *
 * @publicApi
 */
export class DispatchError<
  I extends { readonly name: string } = { readonly name: string },
> extends AggregateError {
  readonly code = 'AIRLOCK_DISPATCH';

  constructor(
    readonly failures: readonly DispatchFailure<I>[],
    readonly scope: string,
  ) {
    super(
      failures.map(({ error }) => error),
      `${failures.length} of the effects that scope "${scope}" let out failed: ` +
        `${listed(failures, ({ intent, error }) => `${intent.name} (${titleOf(error).replace(/\.$/, '')})`)}. ` +
        'The work itself is done, and each of these may be sent again or left: `failures` has the calls and their errors.',
      { cause: failures[0]?.error },
    );
    this.name = 'DispatchError';
    brand(this, 'AirlockError', 'DispatchError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === DispatchError ? isBranded(value, 'DispatchError') : isByPrototype(this, value);
  }
}
