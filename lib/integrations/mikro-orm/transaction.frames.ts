import { openFrame } from '../../core/frame/open-frame.js';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { databaseOf, type MikroOrmTransaction, watchAnswer } from './database.js';
import { EventsInContext } from './event-context.js';
import type { BeginOptions, Broadcaster, MikroOrmConnection } from './mikro-orm.client.js';
import { isSuspended, outside } from './suspension.js';

/**
 * Frames of transactions and savepoints. A property would be slower: a transaction of Knex has so
 * many that V8 copies them all, 13 kB, to add another.
 */
const known = new WeakMap<object, TransactionFrame>();

/** Mark in the options of a transaction that runs a callback. */
const BY_CALLBACK = Symbol('AIRLOCK_BY_CALLBACK');

type Tracked<Args extends unknown[], Result> = (
  this: MikroOrmConnection,
  original: (...args: Args) => Promise<Result>,
  ...args: Args
) => Promise<Result>;

type Work = (trx: object) => Promise<unknown>;

/** @internal */
export function frameOf(trx: unknown): TransactionFrame | undefined {
  return known.get(trx as object);
}

/** Tracks `transactional`, which calls `begin`, and `commit` or `rollback`. @internal */
export const transactional: Tracked<[Work, BeginOptions?], unknown> = (original, work, options) =>
  original(
    (trx) => {
      const frame = frameOf(trx);
      return frame === undefined ? work(trx) : frame.runCallback(() => work(trx));
    },
    Object.assign({ [BY_CALLBACK]: true }, options),
  );

/** @internal */
export const begin: Tracked<[BeginOptions?], MikroOrmTransaction> = async function (
  original,
  options = {},
) {
  const around = frameOf(options.ctx);
  // A transaction that began untracked has no frame, and for one that has ended MikroORM has an
  // error of its own.
  if (options.ctx !== undefined && around?.isOpen !== true) return original(options);
  const root = around === undefined ? openRoot(this) : undefined;
  const frame = root?.frame ?? around!.nextSavepoint();
  // Before anything is awaited, so that the rest of the function that calls `em.begin()` is in the
  // frame.
  if (!(BY_CALLBACK in options)) frame.enter();
  try {
    const begun = await original({
      ...options,
      eventBroadcaster: new EventsInContext(options.eventBroadcaster, frame, {
        // Before subscribers send statements in it.
        before(event, trx) {
          if (event === 'afterTransactionStart') root?.begun(trx as MikroOrmTransaction);
        },
      }),
    });
    known.set(begun, frame);
    return begun;
  } catch (error) {
    frame.leave();
    if (frame.isOpen) frame.rollBack();
    throw error;
  }
};

/** @internal */
export const commit: Tracked<[MikroOrmTransaction, Broadcaster?, ...unknown[]], void> =
  async function (original, trx, broadcaster, ...rest) {
    const frame = frameOf(trx);
    // The class of a driver passes a COMMIT on to `super`.
    if (frame?.isOpen !== true || broadcaster instanceof EventsInContext)
      return original(trx, broadcaster, ...rest);
    frame.leave();
    try {
      if (frame.below !== undefined) {
        await frame.beforeCommit();
        await original(trx, new EventsInContext(broadcaster, frame), ...rest);
      } else if (
        !(await commitRoot(frame, trx, (watched) => original(trx, watched, ...rest), broadcaster))
      ) {
        frame.rollBack();
      }
    } catch (error) {
      if (frame.isOpen) frame.rollBack();
      throw error;
    }
    if (frame.isOpen) await outside(trx, broadcaster?.em, () => frame.commit());
  };

/** @returns true if it was committed; false if it was rolled back before, or by the COMMIT */
async function commitRoot(
  frame: TransactionFrame,
  trx: MikroOrmTransaction,
  send: (broadcaster: Broadcaster) => Promise<void>,
  broadcaster: Broadcaster | undefined,
): Promise<boolean> {
  const isCommitted = watchAnswer(trx);
  let isOver = false;
  const noteCommit = async (): Promise<void> => {
    isOver = await isCommitted();
    if (!isOver) frame.rollBack();
  };
  const watched = new EventsInContext(broadcaster, frame, {
    // By then subscribers have called their effects.
    after: (event) => (event === 'beforeTransactionCommit' ? frame.beforeCommit() : undefined),
    before: (event) => (event === 'afterTransactionCommit' ? noteCommit() : undefined),
  });
  try {
    await send(watched);
  } catch (error) {
    // A subscriber has thrown after the statement.
    if (isOver && frame.isOpen) await frame.commit();
    throw error;
  }
  // MikroORM sends nothing where the transaction was rolled back by hand, and resolves.
  return isOver;
}

/** @internal */
export const rollback: Tracked<[MikroOrmTransaction, Broadcaster?, ...unknown[]], void> =
  async function (original, trx, broadcaster, ...rest) {
    const frame = frameOf(trx);
    if (frame === undefined) return original(trx, broadcaster, ...rest);
    frame.leave();
    try {
      await original(trx, new EventsInContext(broadcaster, frame), ...rest);
    } finally {
      if (frame.isOpen) frame.rollBack();
    }
  };

interface Root {
  readonly frame: TransactionFrame;
  begun(trx: MikroOrmTransaction): void;
}

function openRoot(connection: MikroOrmConnection): Root {
  const dbName = connection.config?.get('dbName');
  const name =
    typeof dbName === 'string' ? `MikroORM transaction in ${dbName}` : 'MikroORM transaction';
  let tx: MikroOrmTransaction | undefined;
  let database: ReturnType<typeof databaseOf> | undefined;
  const frame: TransactionFrame = openFrame({
    name,
    tx: () => tx,
    get connection() {
      return database?.connection;
    },
    isCurrent: () => !isSuspended(frame),
    isStillOpen: () => database?.isStillOpen?.() ?? true,
  });
  return {
    frame,
    begun(trx) {
      tx = trx;
      database = databaseOf(trx, name);
    },
  };
}
