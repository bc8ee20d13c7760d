import { brand, isBranded } from '../../errors/airlock.error.js';

const BRAND = 'TransactionConflict';

/**
 * Marks an error of a database by which a transaction was given up as an effect was written in it:
 * whoever ran the transaction is to be told by it as if there were no such write.
 *
 * @internal
 */
export function markConflict(error: Error): void {
  if (!isBranded(error, BRAND)) brand(error, BRAND);
}

/** @internal */
export function isConflict(error: unknown): boolean {
  return isBranded(error, BRAND);
}
