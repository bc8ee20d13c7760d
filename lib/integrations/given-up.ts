import { markOfTransaction } from '../core/model/transaction-errors.js';
import { isError, messageOf } from '../errors/thrown.js';
import { removePayload, withoutPayload } from './without-payload.js';

/**
 * Matches what databases say of a statement that has done nothing, and may succeed the next time:
 * serialization failures, deadlocks, locks that were waited for in vain.
 */
const GIVEN_UP =
  /\b(40001|40P01|55P03|ER_LOCK_DEADLOCK|ER_LOCK_WAIT_TIMEOUT|ER_CHECKREAD|SQLITE_BUSY\w*|SQLITE_LOCKED\w*|P2034)\b|could not serialize|deadlock|lock wait timeout|database (table )?is locked/i;

/** Matches what PostgreSQL says of a statement after one that has failed. */
const ABORTED = /\b25P02\b|current transaction is aborted/;

/** True if the statement has done nothing and may succeed the next time. @internal */
export function isGivenUp(error: unknown): boolean {
  return says(GIVEN_UP, error);
}

/**
 * Waits for a write in a transaction. If the transaction itself has failed, its error is marked. It
 * stays as the client has made it, without what was sent: whoever ran the transaction may tell it by
 * its class.
 *
 * @internal
 */
export async function inTransaction<T>(write: PromiseLike<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    // One that nothing can be noted on fails as any write does.
    if (isError(error) && Object.isExtensible(error)) markIfOfTransaction(error);
    throw error;
  }
}

function markIfOfTransaction(error: Error): void {
  const told = withoutPayload(error);
  const kind = says(ABORTED, told) ? 'aborted' : isGivenUp(told) ? 'conflict' : undefined;
  if (kind === undefined) return;
  removePayload(error);
  markOfTransaction(error, kind);
}

/** True if the code or the message of an error matches. @internal */
export function says(pattern: RegExp, error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  // A port, as in 127.0.0.1:42501, is no code.
  return pattern.test(`${String(code)} ${messageOf(error).replaceAll(/:\d+/g, '')}`);
}
