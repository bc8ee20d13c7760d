import type { TransactionFrame } from '../../core/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { KEEPS_FRAMES } from '../keeps-frames.js';
import { KeptTransaction } from './kept-transaction.js';
import type { KnexClient, KnexPromise, KnexTransaction, KnexTransactions } from './knex.client.js';
import { requirePeer } from '../../installation/required-peer.js';

/** How `keepKnexFrames` shows up in messages. @publicApi */
export interface KnexFrameOptions {
  /** For messages, as `orders database`. @default 'knex' */
  readonly name?: string;
}

type Handler = (trx: KnexTransaction) => unknown;

/**
 * Makes effects called in `knex.transaction(…)` share its fate, and those in a nested `trx.transaction(…)` that of its
 * savepoint, in each of the styles of Knex. Changes `knex` in place and returns it; does nothing the second time.
 *
 * Without a handler (`const trx = await knex.transaction()`, or a `transactionProvider`) the rest of the asynchronous function
 * that called it stands in the transaction, until `trx.commit()` or `trx.rollback()`.
 *
 * @throws AirlockOptionsError for what is no Knex instance
 * @publicApi
 */
export function keepKnexFrames<K extends KnexClient>(knex: K, options: KnexFrameOptions = {}): K {
  if (typeof knex?.transaction !== 'function' || typeof knex.transactionProvider !== 'function') {
    throw AirlockOptionsError.expected('knex', 'a Knex instance', knex);
  }
  requirePeer('knex', '>=3.0.0', 'nestjs-airlock/knex');
  const name = options.name ?? 'knex';
  const client = knex as unknown as KnexTransactions;
  keep(client, () => KeptTransaction.begunOn(client.client?.dialect, name));
  return knex;
}

/** @param begun makes what keeps the frame of one transaction begun on `knex`, or of a savepoint where that is one already */
function keep(knex: KnexTransactions, begun: () => KeptTransaction): void {
  if (KEEPS_FRAMES in knex.transaction) return;
  const transaction = knex.transaction.bind(knex);
  const withUserParams = knex.withUserParams?.bind(knex);

  const start = (kept: KeptTransaction, handler: Handler, config: object | undefined): KnexPromise => {
    const running = transaction((trx) => {
      const { frame } = kept;
      kept.adopt(trx);
      keep(trx, savepointsIn(frame));
      return frame.run(() => handler(trx));
    }, config);
    const settled = kept.follow(running);
    // It stays the emitter of query events that Knex returns.
    return Object.assign(running, {
      then: settled.then.bind(settled),
      catch: settled.catch.bind(settled),
      finally: settled.finally.bind(settled),
    });
  };

  const startByHand = (kept: KeptTransaction, config: object | undefined): Promise<KnexTransaction> =>
    new Promise((resolve, reject) => {
      kept.enter();
      start(kept, (trx) => resolve(trx), config).catch(reject);
    });

  /** A savepoint out of order is refused as Knex refuses: by what it returns. */
  const refusing = <R>(fn: (kept: KeptTransaction) => R): R | Promise<never> => {
    let kept: KeptTransaction;
    try {
      kept = begun();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return fn(kept);
  };

  define(knex, {
    transaction: Object.assign(
      (handler?: Handler | object | null, config?: object) =>
        typeof handler === 'function'
          ? refusing((kept) => start(kept, handler as Handler, config))
          : refusing((kept) => startByHand(kept, config ?? handler ?? undefined)),
      { [KEEPS_FRAMES]: true },
    ),
    transactionProvider: (config?: object) => {
      let kept: KeptTransaction | undefined;
      let trx: Promise<KnexTransaction>;
      return () => {
        if (kept !== undefined) {
          kept.enter();
          return trx;
        }
        return refusing((first) => (trx = startByHand((kept = first), config)));
      };
    },
    ...(withUserParams && {
      withUserParams: (params: object) => {
        const other = withUserParams(params);
        keep(other, begun);
        return other;
      },
    }),
  });
}

/**
 * Savepoints begun on one transaction, one after the other. Where they are begun by hand, side by side, the second would stand in the first
 * (`enterWith`), and Knex would have it wait for that one for ever.
 */
function savepointsIn(frame: TransactionFrame): () => KeptTransaction {
  let last: TransactionFrame | undefined;
  return () => {
    if (last?.isOpen === true) throw frame.lose('take a savepoint');
    return KeptTransaction.in((last = frame.savepoint()));
  };
}

/** Knex defines its methods as not writable. */
function define(knex: KnexTransactions, methods: object): void {
  for (const [key, value] of Object.entries(methods)) {
    Object.defineProperty(knex, key, { value, writable: true, configurable: true });
  }
}
