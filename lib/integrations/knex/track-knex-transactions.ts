import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { replaceOnClass } from '../replace-on-class.js';
import { trackContext, TrackedBeginning } from './tracked-beginning.js';
import { TrackedTransaction } from './tracked-transaction.js';
import type { KnexClient, KnexDialect, KnexInstance } from './knex.client.js';

/** Options of `trackKnexTransactions`, for messages. @publicApi */
export interface KnexFrameOptions {
  /** For messages, as `orders database`. @default 'knex' */
  readonly name?: string;
}

/**
 * Makes effects called in `knex.transaction(…)` share its fate, and those in a nested
 * `trx.transaction(…)` that of its savepoint, in each of the styles of Knex. Changes `knex` in
 * place and returns it; does nothing the second time.
 *
 * Without a handler (`const trx = await knex.transaction()`, or a `transactionProvider`) the rest
 * of the asynchronous function that called it stands in the transaction, until `trx.commit()` or
 * `trx.rollback()`.
 *
 * @throws AirlockOptionsError for what is no Knex instance
 * @publicApi
 */
export function trackKnexTransactions<K extends KnexClient>(
  knex: K,
  options: KnexFrameOptions = {},
): K {
  if (!isKnex(knex)) throw AirlockOptionsError.expected('knex', 'a Knex instance', knex);
  requirePeer('knex', '>=0.95.0', 'nestjs-airlock/knex');
  const { context, client } = knex as unknown as KnexInstance;
  trackContext(context, transactionsOf(client, options.name));
  return knex;
}

/**
 * Tracks the transactions of every instance of a dialect, also of instances that are made later
 * or that nobody hands to Airlock.
 *
 * @returns ends it
 * @internal
 */
export function trackDialect(dialect: object): () => void {
  return replaceOnClass(
    dialect,
    'transaction',
    (original) =>
      function (this: KnexDialect, ...args: Parameters<KnexDialect['transaction']>) {
        const [handler, config, outer] = args;
        // With `outer` this is a savepoint of a transaction that is not tracked. With the mark, the
        // caller tracks it already.
        if (outer != null || typeof handler !== 'function' || TRACKS_TRANSACTIONS in handler)
          return original.apply(this, args);
        const begin: KnexDialect['transaction'] = (...rest) => original.apply(this, rest) as never;
        return new TrackedBeginning(begin, transactionsOf(this, undefined)).begin(handler, config);
      },
  );
}

/**
 * True for an object with the methods that are called: instances of Knex are functions, and have
 * no class.
 * @internal
 */
export function isKnex(value: unknown): value is KnexClient {
  if (typeof value !== 'function') return false;
  const { transaction, transactionProvider, context } = value as unknown as Partial<KnexInstance>;
  return (
    typeof transaction === 'function' &&
    typeof transactionProvider === 'function' &&
    context !== undefined
  );
}

/** Returns the dialect that instances of one database have in common. @internal */
export function dialectOf(knex: KnexClient): object {
  return Object.getPrototypeOf((knex as unknown as KnexInstance).client) as object;
}

function transactionsOf({ dialect }: KnexDialect, name = 'knex'): () => TrackedTransaction {
  return () => TrackedTransaction.begunOn(dialect, name);
}
