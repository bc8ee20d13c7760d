import { AirlockError } from './airlock.error.js';

/**
 * A scope was to be opened while the application shuts down. Nest's exception filter answers it with 503.
 *
 * @publicApi
 */
export class ShuttingDownError extends AirlockError {
  protected static override readonly brandName = 'ShuttingDownError';

  /** What Nest's base exception filter sends for an error that is not an `HttpException`. */
  readonly statusCode = 503;

  constructor(readonly scope: string) {
    super(
      'AIRLOCK_SHUTTING_DOWN',
      `Scope "${scope}" was not opened: the application is shutting down. Send the work to another instance, or retry later.`,
    );
  }
}
