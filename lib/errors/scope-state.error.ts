import { AirlockError } from './airlock.error.js';

/**
 * A scope was asked for something its state does not allow, as being flushed twice.
 *
 * @publicApi
 */
export class ScopeStateError extends AirlockError {
  protected static override readonly brandName: string = 'ScopeStateError';

  constructor(
    readonly scope: string,
    readonly state: string,
    message: string,
    code = 'AIRLOCK_SCOPE_STATE',
  ) {
    super(code, message);
  }
}
