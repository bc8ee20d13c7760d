import { AirlockError } from '../../../errors/airlock.error.js';

/**
 * Thrown if something that a test waits for does not happen in time.
 *
 * @publicApi
 */
export class WaitTimeoutError extends AirlockError {
  protected static override readonly brandName = 'WaitTimeoutError';

  /** @param facts what happened instead */
  constructor(
    readonly waitedFor: string,
    readonly timeoutMs: number,
    facts: string,
  ) {
    super('AIRLOCK_WAIT_TIMEOUT', `Waited ${timeoutMs} ms for ${waitedFor}. ${facts}`);
  }
}
