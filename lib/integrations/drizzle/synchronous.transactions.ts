import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import type { DrizzleDatabase } from './drizzle.client.js';

/** `transaction` of a synchronous driver. @internal */
export type SynchronousTransaction = (
  callback: (tx: DrizzleDatabase) => unknown,
  ...config: never[]
) => unknown;

/**
 * `trackTransactions` for a synchronous driver, whose transaction or savepoint is over when the
 * call returns. Nothing can be awaited before its COMMIT, so effects of transactional executors are
 * refused in it.
 *
 * @param open opens the frame
 * @param nest tracks the savepoints of a transaction, in the frame around them
 * @internal
 */
export function trackSynchronous(
  transaction: SynchronousTransaction,
  open: (tx: DrizzleDatabase) => TransactionFrame,
  nest: (tx: DrizzleDatabase, frame: TransactionFrame) => void,
): SynchronousTransaction {
  return (callback, ...config) => {
    let frame: TransactionFrame | undefined;
    let value: unknown;
    const inFrame = (tx: DrizzleDatabase): unknown => {
      const opened = (frame = open(tx));
      nest(tx, opened);
      const result = opened.run(() => callback(tx));
      // Throws the refusal of an effect again, if the callback has swallowed it.
      opened.whole.assertNothingRefused();
      return result;
    };
    try {
      value = transaction(
        Object.defineProperty(inFrame, TRACKS_TRANSACTIONS, { value: true }),
        ...config,
      );
    } catch (error) {
      frame?.rollBack();
      throw error;
    }
    // Scopes that ended in it report the failures of their effects themselves.
    void frame?.commit();
    return value;
  };
}
