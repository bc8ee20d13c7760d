import {
  trackTransactions,
  trackSavepoints,
  type RunInTransaction,
} from '../../core/frame/track-transactions.js';
import { openFrame } from '../../core/frame/open-frame.js';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { disguised } from '../../nest/methods/wrap-method.js';
import { replaceOnClass } from '../replace-on-class.js';
import {
  type DrizzleDatabase,
  type DrizzleTransaction,
  isSynchronous,
  type Replicated,
} from './drizzle.client.js';
import { type SynchronousTransaction, trackSynchronous } from './synchronous.transactions.js';
import { connectionOf, noteStatements, stillOpen } from './drizzle.connection.js';
import { requirePeer } from '../../installation/required-peer.js';

/** Options of `trackDrizzleTransactions`, for messages. @publicApi */
export interface DrizzleFrameOptions {
  /** For messages, as `orders database`. @default 'drizzle' */
  readonly name?: string;
}

type Transaction = RunInTransaction<DrizzleTransaction, never[]>;

/**
 * Turns `transaction` of a database (or of a transaction, which takes a savepoint) into one that
 * tracks, and calls `opened` with each frame.
 */
type Track = (
  transaction: Transaction,
  opened: (frame: TransactionFrame) => TransactionFrame,
) => Transaction;

/**
 * Makes effects called in `db.transaction(…)` share its fate, and those in a nested
 * `tx.transaction(…)` that of its savepoint. Changes `db` in place, or what it replicates, and
 * returns it; does nothing the second time.
 *
 * @throws AirlockOptionsError for what has no `transaction`
 * @publicApi
 */
export function trackDrizzleTransactions<D extends DrizzleDatabase>(
  db: D,
  options: DrizzleFrameOptions = {},
): D {
  requirePeer('drizzle-orm', '>=0.28.0', 'nestjs-airlock/drizzle');
  for (const replica of replicatedBy(db)) {
    assertDatabase(replica);
    replaceTransaction(replica, trackingOf(replica, options.name));
  }
  return db;
}

/**
 * Tracks the transactions of every database of a class, also of databases that are made later or
 * that nobody hands to Airlock.
 *
 * @param prototype of the class
 * @returns ends it
 * @internal
 */
export function trackEveryDatabase(prototype: object): () => void {
  return replaceOnClass(
    prototype,
    'transaction',
    (original) =>
      function (this: DrizzleDatabase, ...args: Parameters<Transaction>) {
        // The caller tracks this transaction already.
        if (typeof args[0] !== 'function' || TRACKS_TRANSACTIONS in args[0])
          return original.apply(this, args);
        return trackingOf(this)(original.bind(this) as Transaction)(...args);
      },
  );
}

/** Lists the databases behind one with replicas, which passes each call on to one of them. */
function replicatedBy(db: DrizzleDatabase): readonly DrizzleDatabase[] {
  const { $primary, $replicas = [] } = (db ?? {}) as Replicated;
  return $primary === undefined ? [db] : [$primary, ...$replicas];
}

/** Returns how a database's `transaction` becomes one that tracks. */
function trackingOf(
  db: DrizzleDatabase,
  name = 'drizzle',
): (transaction: Transaction) => Transaction {
  if (!isSynchronous(db)) return (transaction) => framed(transaction, transactionsNamed(name));
  return synchronously((tx) => openFrame({ name, tx: () => tx, waitsForWrites: false }));
}

function synchronously(
  open: (tx: DrizzleDatabase) => TransactionFrame,
): (transaction: Transaction) => Transaction {
  const nest = (tx: DrizzleDatabase, frame: TransactionFrame): void =>
    replaceTransaction(
      tx,
      synchronously(() => frame.savepoint()),
    );
  return (transaction) =>
    trackSynchronous(transaction as SynchronousTransaction, open, nest) as unknown as Transaction;
}

function transactionsNamed(name: string): Track {
  return (transaction, opened) => {
    let frame: TransactionFrame | undefined;
    const noted: Transaction = (work, ...rest) =>
      transaction(
        (tx) =>
          noteStatements(
            tx,
            (sql) => frame?.owner.noteStatement(sql),
            () => work(tx),
          ),
        ...rest,
      );
    return trackTransactions(noted, (tx) => {
      const connection = connectionOf(tx);
      const isStillOpen = stillOpen(tx);
      frame = opened(
        openFrame({
          name,
          tx: () => tx,
          ...(connection && { connection }),
          ...(isStillOpen && { isStillOpen }),
        }),
      );
      return frame;
    });
  };
}

function replaceTransaction(
  db: DrizzleDatabase,
  track: (transaction: Transaction) => Transaction,
): void {
  const original = db.transaction as Transaction & { [TRACKS_TRANSACTIONS]?: true };
  if (original[TRACKS_TRANSACTIONS]) return;
  const tracking = disguised(track(original.bind(db) as Transaction), original);
  const value = Object.defineProperty(tracking, TRACKS_TRANSACTIONS, { value: true });
  Object.defineProperty(db, 'transaction', { value, writable: true, configurable: true });
}

function framed(transaction: Transaction, track: Track): Transaction {
  return (callback, ...rest) => {
    let frame: TransactionFrame;
    const watched: Transaction = (work, ...config) => {
      const watching = async (
        tx: DrizzleTransaction,
      ): Promise<Awaited<ReturnType<typeof work>>> => {
        const value = await work(tx);
        watchCommit(tx, frame);
        return value;
      };
      return transaction(
        Object.defineProperty(watching, TRACKS_TRANSACTIONS, { value: true }),
        ...config,
      );
    };
    const nesting: typeof callback = (tx) => {
      const around = frame;
      const nested: Track = (savepoint, opened) =>
        trackSavepoints(savepoint, () => opened(around.savepoint()));
      replaceTransaction(tx, (savepoint) => framed(savepoint, nested));
      return callback(tx);
    };
    return track(watched, (opened) => (frame = opened))(nesting, ...rest);
  };
}

/**
 * Notices a COMMIT that PostgreSQL answers with a rollback, after a failed statement whose error
 * was swallowed: `db.transaction` resolves then. Holds for drivers that send COMMIT through
 * `tx.execute`, which only they use once the callback is over. PGlite and postgres.js reject by
 * themselves.
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

function assertDatabase(db: DrizzleDatabase): void {
  if (typeof db?.transaction !== 'function') {
    throw AirlockOptionsError.expected('db', 'a Drizzle database', db);
  }
}
