import {
  trackTransactions,
  trackSavepoints,
  type RunInTransaction,
} from '../../core/frame/track-transactions.js';
import { frames, openFrame, type TransactionFrame } from '../../core/frame/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { replaceOnClass } from '../replace-on-class.js';
import { databaseOf } from './database.js';
import { endWith, Opened } from './opened.js';
import {
  declarerOf,
  isSequelize,
  type SequelizeClient,
  type SequelizeInstance,
  type SequelizeTransaction,
} from './sequelize.client.js';

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
 * @returns the prototype that declares `transaction` @throws AirlockOptionsError for what is no
 *   instance @throws PeerVersionError @internal
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
    ...trackFindOrCreate((prototype.constructor as { readonly Model?: object }).Model),
  ];
  return () => {
    for (const end of ends) end();
  };
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

interface BeginOptions {
  readonly transaction?: object | null;
  readonly [TRACKS_TRANSACTIONS]?: true;
}

function trackBeginning(
  sequelize: SequelizeInstance,
  original: (...args: unknown[]) => unknown,
  args: readonly [unknown?, unknown?],
): Promise<unknown> {
  const [given, callback] = typeof args[0] === 'function' ? [undefined, args[0]] : args;
  const options = (given ?? {}) as BeginOptions;
  // The mark serves two replacements with somebody else's wrapper in between: the outer one opens
  // the frame.
  const send = (work?: unknown) =>
    original.call(sequelize, { ...options, [TRACKS_TRANSACTIONS]: true }, work) as Promise<unknown>;
  const parent = options.transaction ?? undefined;
  const around = parent && Opened.of(parent);
  // A transaction that began untracked has no frame, and for one that has ended Sequelize has an
  // error of its own.
  if (
    options[TRACKS_TRANSACTIONS] === true ||
    (parent !== undefined && around?.frame.isOpen !== true)
  ) {
    return original.apply(sequelize, [...args]) as Promise<unknown>;
  }
  if (typeof callback === 'function') return managed(sequelize, send, around, callback as Work);
  const started = send as () => Promise<SequelizeTransaction>;
  // `Model.findOrCreate` takes a savepoint that it never ends.
  if (around !== undefined && 'where' in options) return joined(started, around);
  return unmanaged(sequelize, started, around);
}

type Work = (transaction: SequelizeTransaction) => Promise<unknown>;

function managed(
  sequelize: SequelizeInstance,
  begin: (work: Work) => Promise<unknown>,
  around: Opened | undefined,
  callback: Work,
): Promise<unknown> {
  let one: Opened;
  const transaction = begin as unknown as RunInTransaction<SequelizeTransaction, []>;
  const work: Work = async (started) => {
    const here = one;
    here.standFor(started);
    const result = await callback(started);
    await here.release();
    return result;
  };
  const open = (next: Opened): TransactionFrame => (one = next).frame;
  return around === undefined
    ? trackTransactions(transaction, (started) =>
        open(new Opened(frameOf(sequelize, () => started))),
      )(work)
    : trackSavepoints(transaction, () => open(around.savepoint()))(work);
}

async function joined(
  begin: () => Promise<SequelizeTransaction>,
  around: Opened,
): Promise<SequelizeTransaction> {
  const transaction = await begin();
  around.standFor(transaction);
  return transaction;
}

async function unmanaged(
  sequelize: SequelizeInstance,
  begin: () => Promise<SequelizeTransaction>,
  around: Opened | undefined,
): Promise<SequelizeTransaction> {
  let transaction: SequelizeTransaction;
  const one = around?.openSavepoint() ?? new Opened(frameOf(sequelize, () => transaction));
  const { frame } = one;
  // Before anything is awaited, so that the rest of the caller's function is in the frame.
  frame.enter();
  try {
    transaction = await begin();
  } catch (error) {
    frame.leave();
    if (frame.isOpen) frame.rollBack();
    throw error;
  }
  one.standFor(transaction);
  endWith(transaction, one);
  return transaction;
}

function frameOf(
  sequelize: SequelizeInstance,
  transaction: () => SequelizeTransaction,
): TransactionFrame {
  const database = sequelize.config?.database;
  const name = database ? `Sequelize transaction in ${database}` : 'Sequelize transaction';
  return openFrame({ name, tx: transaction, ...databaseOf(sequelize, transaction) });
}
