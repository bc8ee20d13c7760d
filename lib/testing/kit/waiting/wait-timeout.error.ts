import { AirlockError } from '../../../errors/airlock.error.js';

/**
 * Thrown where something that a test waits for does not come.
 *
 * @publicApi
 */
export class WaitTimeoutError extends AirlockError {
  protected static override readonly brandName = 'WaitTimeoutError';

  /** @param facts what there is instead */
  constructor(
    readonly waitedFor: string,
    readonly timeoutMs: number,
    facts: string,
  ) {
    super('AIRLOCK_WAIT_TIMEOUT', `Waited ${timeoutMs} ms for ${waitedFor}. ${facts}`);
  }
}
