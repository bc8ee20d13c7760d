import { keepFrames, keepSavepoints, type RunInTransaction } from '../../core/keep-frames.js';
import { openFrame, type TransactionFrame } from '../../core/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { KEEPS_FRAMES } from '../keeps-frames.js';
import { replaceOnClass } from '../replace-on-class.js';
import { databaseOf } from './database.js';
import type { SequelizeClient, SequelizeInstance, SequelizeTransaction } from './sequelize.client.js';

/**
 * Makes effects called in `sequelize.transaction(callback)` share its fate, and those in `sequelize.transaction({ transaction }, callback)` that of
 * its savepoint; so too where they are begun by `await sequelize.transaction()` and ended by `commit()` and `rollback()`: then the rest of the
 * asynchronous function that began it stands in it. It is done on the class, so that every instance keeps frames from then on. Does nothing the
 * second time.
 *
 * @example
 * const sequelize = keepSequelizeFrames(new Sequelize(url));
 * @returns `sequelize`
 * @throws AirlockOptionsError for what is no Sequelize instance
 * @publicApi
 */
export function keepSequelizeFrames<S extends SequelizeClient>(sequelize: S): S {
  const prototype = classOf(sequelize);
  if (KEEPS_FRAMES in prototype) return sequelize;
  keepFramesOfClass(prototype);
  // On the class, as that is what keeps them for good.
  Object.defineProperty(prototype, KEEPS_FRAMES, { value: true });
  return sequelize;
}

/** @returns its prototype @throws AirlockOptionsError for what is no instance @throws PeerVersionError @internal */
export function classOf(sequelize: SequelizeClient): object {
  if (typeof sequelize !== 'object' || sequelize === null || !isSequelize(sequelize)) {
    throw AirlockOptionsError.expected('sequelize', 'a Sequelize instance', sequelize);
  }
  requirePeer('sequelize', '>=6.0.0', 'nestjs-airlock/sequelize');
  return Object.getPrototypeOf(sequelize) as object;
}

/** By what no other client has together. @internal */
export function isSequelize(value: object): value is SequelizeClient {
  return ['transaction', 'getDialect', 'getQueryInterface'].every(
    (key) => typeof Reflect.get(value, key) === 'function',
  );
}

/**
 * The same until it is ended.
 *
 * @returns ends it
 * @internal
 */
export function keepFramesOfClass(prototype: object): () => void {
  return replaceOnClass(
    prototype,
    'transaction',
    (original) =>
      function (this: SequelizeInstance, ...args: readonly [unknown?, unknown?]) {
        const [options, callback] = typeof args[0] === 'function' ? [undefined, args[0]] : args;
        const begin = (work?: unknown): Promise<unknown> => original.call(this, options, work) as Promise<unknown>;
        const around = opened.get((options as { transaction?: object } | undefined)?.transaction ?? {});
        return typeof callback === 'function'
          ? managed(this, begin, around, callback as Work)
          : unmanaged(this, begin as () => Promise<SequelizeTransaction>, around);
      },
  );
}

type Work = (transaction: SequelizeTransaction) => Promise<unknown>;

/** A transaction or savepoint of Sequelize and its frame. */
interface Opened {
  readonly frame: TransactionFrame;
  /** The savepoint that was taken in it last. */
  last?: TransactionFrame;
}

const opened = new WeakMap<object, Opened>();

function managed(
  sequelize: SequelizeInstance,
  begin: (work: Work) => Promise<unknown>,
  around: Opened | undefined,
  callback: Work,
): Promise<unknown> {
  let frame: TransactionFrame;
  const transaction = begin as unknown as RunInTransaction<SequelizeTransaction, []>;
  const work: Work = (begun) => {
    opened.set(begun, { frame });
    return callback(begun);
  };
  return around === undefined
    ? keepFrames(transaction, (begun) => (frame = frameOf(sequelize, () => begun)))(work)
    : keepSavepoints(transaction, () => (frame = savepointIn(around)))(work);
}

async function unmanaged(
  sequelize: SequelizeInstance,
  begin: () => Promise<SequelizeTransaction>,
  around: Opened | undefined,
): Promise<SequelizeTransaction> {
  let begun: SequelizeTransaction;
  const frame = around === undefined ? frameOf(sequelize, () => begun) : savepointIn(around);
  // Before anything is awaited: the rest of the caller's function is to stand in it.
  frame.enter();
  try {
    begun = await begin();
  } catch (error) {
    frame.leave();
    frame.rollBack();
    throw error;
  }
  opened.set(begun, { frame });
  endWith(begun, frame);
  return begun;
}

function endWith(begun: SequelizeTransaction, frame: TransactionFrame): void {
  const commit = begun.commit.bind(begun);
  const rollback = begun.rollback.bind(begun);
  begun.commit = async () => {
    frame.leave();
    // Where something cannot be written its caller rolls back, as after any other error.
    await frame.beforeCommit();
    try {
      await commit();
    } catch (error) {
      if (frame.state === 'open') frame.rollBack();
      throw error;
    }
    if (frame.state === 'open') await frame.commit();
  };
  begun.rollback = async () => {
    frame.leave();
    try {
      await rollback();
    } finally {
      if (frame.state === 'open') frame.rollBack();
    }
  };
}

function frameOf(sequelize: SequelizeInstance, begun: () => SequelizeTransaction): TransactionFrame {
  const database = sequelize.config?.database;
  const name = database ? `Sequelize transaction in ${database}` : 'Sequelize transaction';
  return openFrame({ name, tx: begun, ...databaseOf(sequelize, begun) });
}

/** Savepoints of one transaction come one after the other: the rollback of one takes back those that came after it. */
function savepointIn(around: Opened): TransactionFrame {
  if (around.last?.isOpen === true) throw around.frame.lose('take a savepoint');
  return (around.last = around.frame.savepoint());
}
