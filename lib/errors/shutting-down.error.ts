import { AirlockError } from './airlock.error.js';

/**
 * A scope was to be opened while the application shuts down. Nest's exception filter answers it
 * with 503.
 *
 * @publicApi
 */
export class ShuttingDownError extends AirlockError {
  protected static override readonly brandName = 'ShuttingDownError';

  /**
   * With `status` and `expose`, how Nest's base exception filter knows an HTTP error that is no
   * `HttpException`.
   */
  readonly statusCode = 503;
  readonly status = 503;
  /** False: the client reads "Service Unavailable", not this message. */
  readonly expose = false;

  constructor(readonly scope: string) {
    super(
      'AIRLOCK_SHUTTING_DOWN',
      `Scope "${scope}" was not opened: the application is shutting down. Send the work to another instance, or retry later.`,
    );
  }
}
