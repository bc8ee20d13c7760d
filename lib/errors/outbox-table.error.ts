import { AirlockError, type ErrorCause } from './airlock.error.js';

const REMEDIES = {
  missing: (dialect: string) =>
    `Create it by a migration, with what \`npx nestjs-airlock outbox-sql ${dialect}\` prints, ` +
    'name it with `table` and `schema`, or set `createTable: true` in development.',
  refused: () =>
    'Its `connection` has to write to it, so it needs a server that is not read only, and a user with the rights to SELECT, UPDATE and DELETE; transactions that call effects need INSERT, and must not be READ ONLY.',
  elsewhere: () =>
    'Transactions that call effects have to be in the database of its `connection`; name another executor for effects that are called in others.',
} as const;

/**
 * The table of the outbox is not there, or not as it has to be.
 *
 * @publicApi
 */
export class OutboxTableError extends AirlockError {
  protected static override readonly brandName = 'OutboxTableError';

  /**
   * @param problem what the database says
   * @param kind what that means
   */
  constructor(
    readonly table: string,
    readonly dialect: string,
    problem: string,
    options?: ErrorCause,
    kind: 'missing' | 'refused' | 'elsewhere' = 'missing',
  ) {
    super(
      'AIRLOCK_OUTBOX_TABLE',
      `The outbox cannot use the table ${table}: ${problem}. ` + REMEDIES[kind](dialect),
      options,
    );
  }
}
