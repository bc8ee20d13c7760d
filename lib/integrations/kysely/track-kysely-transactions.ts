import { runTracked } from '../../core/frame/track-transactions.js';
import { openFrame } from '../../core/frame/open-frame.js';
import type { FrameOptions, TransactionFrame } from '../../core/frame/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { replaceOnClass } from '../replace-on-class.js';
import { WatchedStatements } from '../watched-statements.js';
import { trackControlledTransactions } from './controlled-transaction.frames.js';
import { watchStatements } from './executor.statements.js';
import {
  FRAME_NAME,
  isKysely,
  type KyselyClient,
  type KyselyTransaction,
} from './kysely.client.js';
import { KyselyConnection } from './kysely.connection.js';

/**
 * Makes effects called in `db.transaction().execute(callback)` share its fate, and those in
 * `db.startTransaction().execute()` that of the transaction and its savepoints. Kysely hands out
 * new objects wherever it is asked for something (`withSchema`, `withPlugin`, `connection`), so it
 * is done on its classes: every instance of them tracks transactions from then on, made before or
 * after. Does nothing the second time.
 *
 * In a controlled transaction the rest of the asynchronous function that called
 * `startTransaction().execute()` stands in it, until its end.
 *
 * @example
 * ```ts
 * const db = trackKyselyTransactions(new Kysely<Tables>({ dialect }));
 * ```
 *
 * @returns `db`
 * @throws AirlockOptionsError for what is no Kysely instance
 * @publicApi
 */
export function trackKyselyTransactions<K extends KyselyClient>(db: K): K {
  requireKysely(db);
  if (TRACKS_TRANSACTIONS in db) return db;
  trackTransactionsOfClass(db);
  // On the class, whose transactions are tracked for good.
  Object.defineProperty(Object.getPrototypeOf(db), TRACKS_TRANSACTIONS, { value: true });
  return db;
}

/**
 * Refuses anything but a Kysely instance.
 *
 * @throws AirlockOptionsError for anything else
 * @throws PeerVersionError
 * @internal
 */
export function requireKysely<K extends KyselyClient>(db: K): K {
  if (typeof db !== 'object' || db === null || !isKysely(db)) {
    throw AirlockOptionsError.expected('db', 'a Kysely instance', db);
  }
  requirePeer('kysely', '>=0.26.0', 'nestjs-airlock/kysely');
  return db;
}

/**
 * Returns the class that all instances of one copy of Kysely have in common, those of a derived
 * class too.
 * @internal
 */
export function buildersOf(db: KyselyClient): object {
  return Object.getPrototypeOf(db.transaction()) as object;
}

/**
 * Does the same until it is ended.
 *
 * @returns a function that ends it
 * @internal
 */
export function trackTransactionsOfClass(db: KyselyClient): () => void {
  const ends = [trackCallbackTransactions(buildersOf(db))];
  const controlled = db.startTransaction?.();
  if (controlled !== undefined)
    ends.push(trackControlledTransactions(Object.getPrototypeOf(controlled) as object));
  return () => {
    for (const end of ends) end();
  };
}

type Work = (tx: KyselyTransaction) => Promise<unknown>;

/** Options of the frame of a transaction with a callback. */
class Begun implements FrameOptions {
  readonly name = FRAME_NAME;
  readonly statements = new WatchedStatements();
  readonly connection: KyselyConnection | undefined;

  constructor(private readonly trx: KyselyTransaction) {
    this.connection = KyselyConnection.of(trx, () => this.statements);
  }

  tx(): KyselyTransaction {
    return this.trx;
  }

  isStillOpen(): boolean | Promise<boolean> {
    return this.connection?.isStillOpen() ?? true;
  }
}

function open(trx: KyselyTransaction): TransactionFrame {
  const begun = new Begun(trx);
  const frame = openFrame(begun);
  watchStatements(trx, begun.statements, frame.owner);
  return frame;
}

function trackCallbackTransactions(builder: object): () => void {
  return replaceOnClass(
    builder,
    'execute',
    (execute) =>
      function (this: object, callback) {
        const transaction = (work: Work) => execute.call(this, work) as Promise<unknown>;
        return runTracked(transaction, open, callback as Work);
      },
  );
}
