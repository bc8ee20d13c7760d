/** In the status of each OK packet of MySQL and MariaDB: a transaction is open (`SERVER_STATUS_IN_TRANS`). */
const IN_TRANSACTION = 1;

/** A statement that does nothing, and is answered by an OK packet. @internal */
export const NO_OPERATION = 'DO 0';

/**
 * Tells by the answer to `NO_OPERATION` whether MySQL or MariaDB still has the transaction. A deadlock rolls back all of it and fails one
 * statement only; where that error is swallowed, the connection goes on without a transaction and COMMIT succeeds.
 *
 * @param answer the OK packet, as the drivers `mysql2` and `mysql` hand it out; others tell nothing, and are believed
 * @internal
 */
export function isInTransaction(answer: unknown): boolean {
  const status = (answer as { readonly serverStatus?: unknown } | undefined)?.serverStatus;
  return typeof status !== 'number' || (status & IN_TRANSACTION) !== 0;
}
