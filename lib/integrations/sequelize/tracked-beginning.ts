import {
  runTracked,
  trackSavepoints,
  type RunInTransaction,
} from '../../core/frame/track-transactions.js';
import { openFrame } from '../../core/frame/open-frame.js';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { databaseOf } from './database.js';
import { endWith, Opened } from './opened.js';
import type { SequelizeInstance, SequelizeTransaction } from './sequelize.client.js';

interface BeginOptions {
  readonly transaction?: object | null;
  readonly [TRACKS_TRANSACTIONS]?: true;
}

/**
 * Begins a transaction or savepoint with its frame, in every style that Sequelize has.
 *
 * @param original the `transaction` of Sequelize
 * @internal
 */
export function trackBeginning(
  sequelize: SequelizeInstance,
  original: (...args: unknown[]) => unknown,
  args: readonly [unknown?, unknown?],
): Promise<unknown> {
  const [given, callback] = typeof args[0] === 'function' ? [undefined, args[0]] : args;
  const options = (given ?? {}) as BeginOptions;
  const send = (work?: unknown) =>
    original.call(sequelize, marked(options), work) as Promise<unknown>;
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

/**
 * Marks the options for two replacements with somebody else's wrapper in between: the outer one
 * opens the frame. Sequelize copies all that is enumerable, for each statement that it sends by
 * itself.
 */
function marked(options: BeginOptions): BeginOptions {
  return Object.defineProperty({ ...options }, TRACKS_TRANSACTIONS, { value: true });
}

type Work = (transaction: SequelizeTransaction) => Promise<unknown>;

/** With a callback, which Sequelize ends. */
function managed(
  sequelize: SequelizeInstance,
  begin: (work: Work) => Promise<unknown>,
  around: Opened | undefined,
  callback: Work,
): Promise<unknown> {
  let opened: Opened;
  const work: Work = async (started) => {
    const here = opened;
    here.standFor(started);
    const result = await callback(started);
    const releasing = here.release();
    if (releasing !== undefined) await releasing;
    return result;
  };
  const open = (next: Opened): TransactionFrame => (opened = next).frame;
  if (around === undefined) {
    const openRoot = (started: SequelizeTransaction): TransactionFrame =>
      open(new Opened(frameOf(sequelize, () => started)));
    return runTracked(begin, openRoot, work);
  }
  const savepoint = begin as unknown as RunInTransaction<SequelizeTransaction, []>;
  return trackSavepoints(savepoint, () => open(around.savepoint()))(work);
}

/** Without a frame of its own: it belongs to the transaction around it. */
async function joined(
  begin: () => Promise<SequelizeTransaction>,
  around: Opened,
): Promise<SequelizeTransaction> {
  const transaction = await begin();
  around.standFor(transaction);
  return transaction;
}

/** Without a callback: the caller ends it. */
async function unmanaged(
  sequelize: SequelizeInstance,
  begin: () => Promise<SequelizeTransaction>,
  around: Opened | undefined,
): Promise<SequelizeTransaction> {
  let transaction: SequelizeTransaction;
  const opened = around?.openSavepoint() ?? new Opened(frameOf(sequelize, () => transaction));
  const { frame } = opened;
  // Before anything is awaited, so that the rest of the caller's function is in the frame.
  frame.enter();
  try {
    transaction = await begin();
  } catch (error) {
    frame.leave();
    if (frame.isOpen) frame.rollBack();
    throw error;
  }
  opened.standFor(transaction);
  endWith(transaction, opened);
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
