import { keepFrames, keepSavepoints, type RunInTransaction } from '../../core/keep-frames.js';
import { openFrame, type TransactionFrame } from '../../core/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { KEEPS_FRAMES } from '../keeps-frames.js';
import type { DrizzleDatabase, DrizzleTransaction } from './drizzle.client.js';
import { connectionOf, stillOpen } from './drizzle.connection.js';
import { requirePeer } from '../../installation/required-peer.js';

/** How `keepDrizzleFrames` shows up in messages. @publicApi */
export interface DrizzleFrameOptions {
  /** For messages, as `orders database`. @default 'drizzle' */
  readonly name?: string;
}

type Transaction = RunInTransaction<DrizzleTransaction, never[]>;

/** Turns `transaction` of a database, or of a transaction for a savepoint, into one that keeps frames, and hands on each. */
type Keep = (transaction: Transaction, opened: (frame: TransactionFrame) => TransactionFrame) => Transaction;

/**
 * Makes effects called in `db.transaction(…)` share its fate, and those in a nested `tx.transaction(…)` that of its savepoint.
 * Changes `db` in place and returns it; does nothing the second time.
 *
 * @throws AirlockOptionsError for what has no `transaction`, or a synchronous one (`better-sqlite3`)
 * @publicApi
 */
export function keepDrizzleFrames<D extends DrizzleDatabase>(db: D, options: DrizzleFrameOptions = {}): D {
  assertAsynchronous(db);
  requirePeer('drizzle-orm', '>=0.40.0', 'nestjs-airlock/drizzle');
  const name = options.name ?? 'drizzle';
  replaceTransaction(db, (transaction, opened) =>
    keepFrames(transaction, (tx) => {
      const connection = connectionOf(tx);
      const isStillOpen = stillOpen(tx);
      return opened(openFrame({ name, ...(connection && { connection }), ...(isStillOpen && { isStillOpen }) }));
    }),
  );
  return db;
}

function replaceTransaction(db: DrizzleDatabase, keep: Keep): void {
  const original = db.transaction as Transaction & { [KEEPS_FRAMES]?: true };
  if (original[KEEPS_FRAMES]) return;
  const bound = original.bind(db) as Transaction;
  const kept: Transaction = (callback, ...rest) => {
    let frame: TransactionFrame;
    const watched: Transaction = (work, ...config) =>
      bound(
        async (tx) => {
          const value = await work(tx);
          watchCommit(tx, frame);
          return value;
        },
        ...config,
      );
    const nesting: typeof callback = (tx) => {
      const around = frame;
      replaceTransaction(tx, (savepoint, opened) => keepSavepoints(savepoint, () => opened(around.savepoint())));
      return callback(tx);
    };
    return keep(watched, (opened) => (frame = opened))(nesting, ...rest);
  };
  const value = Object.defineProperty(kept, KEEPS_FRAMES, { value: true });
  Object.defineProperty(db, 'transaction', { value, writable: true, configurable: true });
}

/**
 * After a failed statement whose error was swallowed, PostgreSQL answers COMMIT with a rollback and no error, and so does
 * `db.transaction`. Holds for drivers that send their COMMIT through `tx.execute`, which nobody else uses any more once the
 * callback is over; PGlite and postgres.js reject by themselves.
 */
function watchCommit(tx: DrizzleTransaction, frame: TransactionFrame): void {
  const { execute } = tx;
  if (execute === undefined) return;
  tx.execute = async (query: never) => {
    const answer = await execute.call(tx, query);
    if ((answer as { command?: unknown } | undefined)?.command === 'ROLLBACK') frame.rollBack();
    return answer;
  };
}

function assertAsynchronous(db: DrizzleDatabase): void {
  if (typeof db?.transaction !== 'function') {
    throw AirlockOptionsError.expected('db', 'a Drizzle database', db);
  }
  if ((db as { resultKind?: unknown }).resultKind !== 'sync') return;
  throw new AirlockOptionsError(
    'db',
    'keepDrizzleFrames was given a database whose transactions are synchronous (`better-sqlite3`). A frame ends after ' +
      'asynchronous work. Use an asynchronous driver, as `libsql`.',
  );
}
