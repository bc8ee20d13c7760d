/**
 * The bit in the status of each OK packet of MySQL and MariaDB that says that a transaction is open
 * (`SERVER_STATUS_IN_TRANS`).
 */
const IN_TRANSACTION = 1;

/** A statement that does nothing, and is answered by an OK packet. @internal */
export const NO_OPERATION = 'DO 0';

/**
 * Tells by the answer to `NO_OPERATION` whether MySQL or MariaDB still has the transaction. A
 * deadlock rolls back all of it and fails one statement only; where that error is swallowed, the
 * connection goes on without a transaction and COMMIT succeeds.
 *
 * @param answer the OK packet, as the drivers `mysql2` and `mysql` hand it out; others tell
 *   nothing, and are believed
 * @internal
 */
export function isInTransaction(answer: unknown): boolean {
  const status = (answer as { readonly serverStatus?: unknown } | undefined)?.serverStatus;
  return typeof status !== 'number' || (status & IN_TRANSACTION) !== 0;
}

/**
 * Asks as `isInTransaction` does, for clients that hand out rows only: MariaDB tells by a variable,
 * MySQL by none, to which the name of that is a comment, and is believed.
 *
 * @param query runs a statement in the transaction
 * @internal
 */
export async function isInTransactionBySql(
  query: (sql: string) => PromiseLike<unknown>,
): Promise<boolean> {
  const [answer] = (await query('select 1 /*M! * @@in_transaction */ as is_open')) as readonly {
    is_open: unknown;
  }[];
  return Number(answer!.is_open) === 1;
}

/**
 * Tells whether PostgreSQL still has the transaction: after a failed statement it refuses all
 * further ones, and answers COMMIT with a rollback that some clients take for a commit.
 *
 * @param query runs a statement in the transaction
 * @internal
 */
export async function answersInTransaction(
  query: (sql: string) => PromiseLike<unknown>,
): Promise<boolean> {
  try {
    await query('select 1');
    return true;
  } catch {
    return false;
  }
}

/** The parts of a client of `pg` that tell of its transaction. @internal */
export interface PgClient {
  /** False while a statement is unanswered. */
  readonly readyForQuery?: boolean;
  /** `T` in a transaction, `E` in one that was aborted. Older versions have none. */
  getTransactionStatus?(): string | null;
}

/**
 * Tells the same without a statement, by what the server says at the end of each answer.
 *
 * @returns undefined where that is not known, or a statement is unanswered
 * @internal
 */
export function isInTransactionByStatus(client: PgClient): boolean | undefined {
  const status = client.readyForQuery === true ? client.getTransactionStatus?.() : undefined;
  return status === undefined || status === null ? undefined : status === 'T';
}
