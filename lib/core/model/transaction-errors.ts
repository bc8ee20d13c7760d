import { brand, isBranded } from '../../errors/airlock.error.js';

/** Ways in which a transaction, and not the write of an effect in it, has failed. */
const KINDS = { conflict: 'TransactionConflict', aborted: 'TransactionAborted' } as const;

type Kind = keyof typeof KINDS;

/**
 * Marks an error of a database by which a write in a transaction failed. After a `conflict` the
 * transaction was given up for the sake of another one: whoever ran it is to be told by this error,
 * as if there were no such write. A transaction that is `aborted` was so before the write: its
 * COMMIT says that.
 *
 * @internal
 */
export function markOfTransaction(error: Error, kind: Kind): void {
  if (!isBranded(error, KINDS[kind])) brand(error, KINDS[kind]);
}

/** @internal */
export function isOfTransaction(error: unknown, kind: Kind): boolean {
  return isBranded(error, KINDS[kind]);
}
