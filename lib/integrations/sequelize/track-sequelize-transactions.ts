import { frames } from '../../core/frame/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { replaceOnClass } from '../replace-on-class.js';
import {
  declarerOf,
  isSequelize,
  type SequelizeClient,
  type SequelizeInstance,
} from './sequelize.client.js';
import { Opened } from './opened.js';
import { trackBeginning } from './tracked-beginning.js';

/**
 * Makes effects called in `sequelize.transaction(callback)` share its fate, and those in
 * `sequelize.transaction({ transaction }, callback)` that of its savepoint; so too where they are
 * begun by `await sequelize.transaction()` and ended by `commit()` and `rollback()`: then the rest
 * of the asynchronous function that began it stands in it. It is done on the class, so that every
 * instance tracks transactions from then on. Does nothing the second time.
 *
 * @example
 * ```ts
 * const sequelize = trackSequelizeTransactions(new Sequelize(url));
 * ```
 *
 * @returns `sequelize`
 * @throws AirlockOptionsError for what is no Sequelize instance
 * @publicApi
 */
export function trackSequelizeTransactions<S extends SequelizeClient>(sequelize: S): S {
  const prototype = classOf(sequelize);
  if (TRACKS_TRANSACTIONS in prototype) return sequelize;
  trackTransactionsOfClass(prototype);
  // On the class, whose transactions are tracked for good.
  Object.defineProperty(prototype, TRACKS_TRANSACTIONS, { value: true });
  return sequelize;
}

/**
 * @returns the prototype that declares `transaction`
 * @throws AirlockOptionsError for what is no instance
 * @throws PeerVersionError
 * @internal
 */
export function classOf(sequelize: SequelizeClient): object {
  if (typeof sequelize !== 'object' || sequelize === null || !isSequelize(sequelize)) {
    throw AirlockOptionsError.expected('sequelize', 'a Sequelize instance', sequelize);
  }
  requirePeer('sequelize', '>=6.0.0', 'nestjs-airlock/sequelize');
  return declarerOf(sequelize);
}

/**
 * Does the same until it is ended.
 *
 * @returns a function that ends it
 * @internal
 */
export function trackTransactionsOfClass(prototype: object): () => void {
  const ends = [
    replaceOnClass(
      prototype,
      'transaction',
      (original) =>
        function (this: SequelizeInstance, ...args: readonly [unknown?, unknown?]) {
          return trackBeginning(this, original, args);
        },
    ),
    replaceOnClass(
      prototype,
      'query',
      (original) =>
        function (this: SequelizeInstance, ...args) {
          const opened = noteStatement(args[0], args[1]);
          const answer = original.apply(this, args) as Promise<unknown>;
          return opened?.isBegunByStatement === true ? opened.heard(answer) : answer;
        },
    ),
    ...trackFindOrCreate((prototype.constructor as { readonly Model?: object }).Model),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/**
 * Notes a statement of a transaction in the code that sends it.
 *
 * @returns the transaction; undefined if it is not tracked
 */
function noteStatement(statement: unknown, options: unknown): Opened | undefined {
  const transaction = (options as { readonly transaction?: object | null } | null)?.transaction;
  if (!transaction) return undefined;
  const sql =
    typeof statement === 'string' ? statement : (statement as { query?: unknown } | null)?.query;
  const opened = Opened.of(transaction);
  opened?.frame.root.owner.noteStatement(sql);
  return opened;
}

/**
 * Keeps the caller of `findOrCreate` out of the transaction that it begins by itself before it
 * awaits anything.
 */
function trackFindOrCreate(model: object | undefined): readonly (() => void)[] {
  if (model === undefined || !('findOrCreate' in model)) return [];
  return [
    replaceOnClass(
      model,
      'findOrCreate',
      (original) =>
        function (this: object, ...args) {
          const here = frames.getStore();
          try {
            return original.apply(this, args);
          } finally {
            // Not `run`: in some versions of Node it does nothing if the store is the present one.
            frames.enterWith(here);
          }
        },
    ),
  ];
}
