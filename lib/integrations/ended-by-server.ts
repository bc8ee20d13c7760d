import { warnOfStatement } from '../core/frame/ended-by-statement.js';
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
 * Asks the same on a connection of the driver `mariadb`. Its answers have no status; the connection
 * keeps the status of the last answer.
 *
 * @param send sends `NO_OPERATION` on it, since an error before has left no status
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
 * Asks the same through a client that prepares its statements, since MySQL prepares no savepoints.
 * MariaDB has a variable for it. MySQL has none, and not every user may read its tables that show
 * it. So it is asked by a savepoint that the client itself takes.
 *
 * @param query runs a statement in the transaction
 * @param keepsSavepoint takes and releases one, and tells whether the server had it; undefined
 *   where the client has none: then MySQL is asked only after a failed statement, by a statement
 *   that it refuses in a transaction
 * @param statements those of the transaction, where they are seen
 * @internal
 */
export function isInTransactionBySql(
  query: (sql: string) => PromiseLike<unknown>,
  keepsSavepoint: () => Promise<boolean | undefined>,
  statements: WatchedStatements | undefined,
): boolean | Promise<boolean> {
  const ask = async (): Promise<boolean> => {
    const [answer] = (await query(
      // The name of the variable is a comment to MySQL.
      'select 1 /*M! * @@in_transaction */ as is_open, 0 /*M! + 1 */ as is_told',
    )) as readonly { is_open: unknown; is_told: unknown }[];
    if (Number(answer!.is_told) === 1) return Number(answer!.is_open) === 1;
    const isKept = await keepsSavepoint();
    if (isKept !== undefined || statements?.hasFailed !== true) return isKept ?? true;
    // If the statement is not refused, its setting ends with the COMMIT that comes next.
    return !(await succeeds(query('set transaction read write')));
  };
  return statements?.thenAsk(ask) ?? ask();
}

/** @internal */
export async function succeeds(answer: PromiseLike<unknown>): Promise<boolean> {
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
 * Tells the same for a client whose driver may be another one, or older. These count as open: their
 * answer to COMMIT shows a rollback.
 *
 * @internal
 */
export function isNotKnownToHaveEnded(client: unknown): boolean {
  return isInTransactionByStatus(Object(client) as PgClient) !== false;
}
