import { TRACKS_TRANSACTIONS } from './tracked.js';
import type { TransactionFrame } from './transaction-frame.js';

/** A function that runs a callback in a transaction, as most clients have one. @publicApi */
export type RunInTransaction<Tx, Rest extends unknown[]> = <T>(
  callback: (tx: Tx) => Promise<T>,
  ...rest: Rest
) => Promise<T>;

/**
 * Turns a function that runs a callback in a transaction or savepoint into one that tracks
 * transactions: effects called in the callback share its fate, and a callback that is run again
 * starts clean.
 *
 * @example
 * ```ts
 * const transaction = trackTransactions<Connection, []>(
 *   (callback) => database.transaction(callback),
 *   (tx) => openFrame({ name: 'orders database', connection: tx }),
 * );
 * ```
 *
 * @param transaction resolves after COMMIT (or RELEASE) and rejects after a rollback
 * @param open opens the frame at each start of the callback: `openFrame(...)`, or `savepoint()` of
 *   the enclosing one
 * @publicApi
 */
export function trackTransactions<Tx, Rest extends unknown[]>(
  transaction: RunInTransaction<Tx, Rest>,
  open: (tx: Tx) => TransactionFrame,
): RunInTransaction<Tx, Rest> {
  const tracked: RunInTransaction<Tx, Rest> = (callback, ...rest) =>
    runTracked((work) => transaction(work, ...rest), open, callback);
  return Object.defineProperty(tracked, TRACKS_TRANSACTIONS, { value: true });
}

/**
 * Runs a callback in one transaction that is tracked, as `trackTransactions` does.
 *
 * @internal
 */
export async function runTracked<Tx, T>(
  transaction: (work: (tx: Tx) => Promise<T>) => Promise<T>,
  open: (tx: Tx) => TransactionFrame,
  callback: (tx: Tx) => Promise<T>,
): Promise<T> {
  let frame: TransactionFrame | undefined;
  let value;
  try {
    value = await transaction(async (tx) => {
      frame?.rollBack();
      const opened = (frame = open(tx));
      const { owner } = opened;
      let result;
      owner.forCallback();
      try {
        result = await opened.run(() => callback(tx));
      } finally {
        owner.callbackOver();
      }
      const writing = opened.beforeCommit();
      if (writing) await writing;
      return result;
    });
  } catch (error) {
    // A hook that the client runs after COMMIT may have thrown: an adapter that sees the COMMIT
    // has committed the frame.
    if (frame?.state === 'open') frame.rollBack();
    throw error;
  }
  // Some databases answer a COMMIT with a rollback and no error: an adapter that sees that has
  // rolled the frame back.
  const dispatching = frame?.state === 'rolledBack' ? undefined : frame?.commit();
  if (dispatching) await dispatching;
  return value;
}

/**
 * `trackTransactions` for a function that runs a callback in a savepoint. The frame is opened
 * before the savepoint is taken, so that one that would come to lie beside another with effects is
 * refused before anything is sent.
 *
 * @param savepoint resolves after RELEASE and rejects after a rollback
 * @param open `savepoint()` of the enclosing frame
 * @throws FrameStateError the function that is returned rejects with what `open` throws
 * @publicApi
 */
export function trackSavepoints<Tx, Rest extends unknown[]>(
  savepoint: RunInTransaction<Tx, Rest>,
  open: () => TransactionFrame,
): RunInTransaction<Tx, Rest> {
  return async (callback, ...rest) => {
    const first = open();
    let isUsed = false;
    const next = (): TransactionFrame => {
      if (isUsed) return open();
      isUsed = true;
      return first;
    };
    try {
      return await runTracked((work) => savepoint(work, ...rest), next, callback);
    } finally {
      if (!isUsed) first.rollBack();
    }
  };
}
