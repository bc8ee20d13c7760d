import { warnOfStatement } from './ended-by-statement.js';
import type { WatchedStatements } from './watched-statements.js';

/**
 * The bit in the status of each OK packet of MySQL and MariaDB that says that a transaction is open
 * (`SERVER_STATUS_IN_TRANS`).
 */
const IN_TRANSACTION = 1;

/** Statement that does nothing. MySQL and MariaDB answer it with an OK packet. @internal */
export const NO_OPERATION = 'DO 0';

/**
 * Tells by the answer to `NO_OPERATION` whether MySQL or MariaDB still has the transaction. A
 * deadlock rolls all of it back, but only one statement fails. If that error is swallowed, the
 * connection goes on without a transaction, and COMMIT succeeds.
 *
 * @param answer the OK packet, as the drivers `mysql2` and `mysql` return it; the answer of any
 * other driver counts as yes
 * @internal
 */
export function isInTransaction(answer: unknown): boolean {
  const status = (answer as { readonly serverStatus?: unknown } | undefined)?.serverStatus;
  return typeof status !== 'number' || (status & IN_TRANSACTION) !== 0;
}

/**
 * Asks the same on a connection of the driver `mariadb`, whose answers have no status: the
 * connection keeps that of the last one.
 *
 * @param send sends `NO_OPERATION` on it: an error in between does not tell
 * @internal
 */
export async function isInTransactionByConnection(
  connection: MariadbConnection,
  send: () => PromiseLike<unknown>,
): Promise<boolean> {
  await send();
  return isInTransaction({ serverStatus: connection.info?.status });
}

/** The parts of a connection of the driver `mariadb` that tell of its transaction. @internal */
export interface MariadbConnection {
  readonly info?: { readonly status?: number | null } | null;
}

/**
 * Asks the same by a savepoint, for clients that return rows only: outside a transaction the server
 * keeps none. The answer of a server without savepoints counts as yes.
 *
 * @param query runs a statement in the transaction
 * @internal
 */
export async function isInTransactionBySavepoint(
  query: (sql: string) => PromiseLike<unknown>,
): Promise<boolean> {
  const isTaken = await succeeds(query('savepoint airlock_is_open'));
  return !isTaken || succeeds(query('release savepoint airlock_is_open'));
}

/**
 * Asks the same of a client that prepares its statements: MySQL prepares no savepoints. MariaDB
 * tells by a variable. MySQL has none, and its tables that would tell are not for everybody: there it is asked only
 * where a statement has failed, by one that is refused in a transaction. A procedure that rolls
 * back by itself and tells no error is not noticed there.
 *
 * @param query runs a statement in the transaction
 * @param statements those of the transaction; without them MySQL is believed
 * @internal
 */
export async function isInTransactionBySql(
  query: (sql: string) => PromiseLike<unknown>,
  statements: WatchedStatements | undefined,
): Promise<boolean> {
  const [answer] = (await query(
    // The name of the variable is a comment to MySQL.
    'select 1 /*M! * @@in_transaction */ as is_open, 0 /*M! + 1 */ as is_told',
  )) as readonly { is_open: unknown; is_told: unknown }[];
  if (Number(answer!.is_told) === 1) return Number(answer!.is_open) === 1;
  // Where it is not refused, the COMMIT that comes next takes it back.
  const ask = async (): Promise<boolean> => !(await succeeds(query('set transaction read write')));
  return statements?.leaveItOpen(ask) ?? true;
}

async function succeeds(answer: PromiseLike<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch {
    return false;
  }
}

/**
 * Tells whether PostgreSQL still has the transaction: after a failed statement it refuses all
 * further ones, and answers COMMIT with a rollback that some clients take for a commit.
 *
 * @param query runs a statement in the transaction
 * @internal
 */
export function answersInTransaction(
  query: (sql: string) => PromiseLike<unknown>,
): Promise<boolean> {
  return succeeds(query('select 1'));
}

/** The parts of a client of `pg` that tell of its transaction. @internal */
export interface PgClient {
  /** False while a statement is unanswered. */
  readonly readyForQuery?: boolean;
  /**
   * `T` in a transaction, `E` in one that was aborted, `I` in none. Older versions do not have it.
   */
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
  if (status === 'I') warnOfStatement();
  return status === undefined || status === null ? undefined : status === 'T';
}

/**
 * Tells the same where the driver of a client may be another one, or older: those are believed, and
 * tell by the answer to COMMIT what they know.
 *
 * @internal
 */
export function isNotKnownToHaveEnded(client: unknown): boolean {
  return isInTransactionByStatus(Object(client) as PgClient) !== false;
}
