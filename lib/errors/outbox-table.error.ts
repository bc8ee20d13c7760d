import { AirlockError, type ErrorCause } from './airlock.error.js';

/**
 * The table of the outbox is not there, or not as it has to be.
 *
 * @publicApi
 */
export class OutboxTableError extends AirlockError {
  protected static override readonly brandName = 'OutboxTableError';

  /**
   * @param problem what the database says
   * @param isRefused true where it is there, and may not be used
   */
  constructor(
    readonly table: string,
    readonly dialect: string,
    problem: string,
    options?: ErrorCause,
    isRefused = false,
  ) {
    super(
      'AIRLOCK_OUTBOX_TABLE',
      `The outbox cannot use the table ${table}: ${problem}. ` +
        (isRefused
          ? 'Its `connection` has to write to it, so it needs a server that is not read only, and a user with the rights to SELECT, UPDATE and DELETE; transactions need INSERT.'
          : `Create it by a migration, with what \`npx nestjs-airlock outbox-sql ${dialect}\` prints, ` +
            'name it with `table` and `schema`, or set `createTable: true` in development.'),
      options,
    );
  }
}
