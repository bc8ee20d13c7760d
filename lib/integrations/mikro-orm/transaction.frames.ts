import { openFrame, type TransactionFrame } from '../../core/frame/transaction-frame.js';
import { databaseOf, type MikroOrmTransaction, watchAnswer } from './database.js';
import { tellInContext } from './event-context.js';
import type { BeginOptions, Broadcaster, MikroOrmConnection } from './mikro-orm.client.js';
import { isSuspended } from './suspension.js';

/** The frame of each transaction and savepoint. */
const opened = new WeakMap<object, TransactionFrame>();

/** Transactions whose COMMIT is on its way: the class of a driver passes it on to `super`. */
const committing = new WeakSet<object>();

/** In the options of a transaction that runs a callback. */
const BY_CALLBACK = Symbol('AIRLOCK_BY_CALLBACK');

type Tracked<Args extends unknown[], Result> = (
  this: MikroOrmConnection,
  original: (...args: Args) => Promise<Result>,
  ...args: Args
) => Promise<Result>;

type Work = (trx: object) => Promise<unknown>;

/** @internal */
export function frameOf(trx: unknown): TransactionFrame | undefined {
  return trx === undefined ? undefined : opened.get(trx as object);
}

/** It calls the other three. @internal */
export const transactional: Tracked<[Work, BeginOptions?], unknown> = (original, work, options) =>
  original(
    (trx) => {
      const frame = frameOf(trx);
      return frame === undefined ? work(trx) : frame.run(() => work(trx));
    },
    Object.assign({ [BY_CALLBACK]: true }, options),
  );

/** @internal */
export const begin: Tracked<[BeginOptions?], MikroOrmTransaction> = async function (
  original,
  options = {},
) {
  const around = frameOf(options.ctx);
  // In a transaction that was begun before, there are no frames, and of one that has ended MikroORM
  // has an error of its own.
  if (options.ctx !== undefined && around?.isOpen !== true) return original(options);
  let begun: MikroOrmTransaction | undefined;
  const frame = around?.nextSavepoint() ?? openRoot(this, () => begun);
  // Before anything is awaited: the rest of the function that calls `em.begin()` is to stand in it.
  if (!(BY_CALLBACK in options)) frame.enter();
  try {
    begun = await original({
      ...options,
      eventBroadcaster: tellInContext(options.eventBroadcaster, frame),
    });
  } catch (error) {
    frame.leave();
    if (frame.isOpen) frame.rollBack();
    throw error;
  }
  opened.set(begun, frame);
  return begun;
};

/** @internal */
export const commit: Tracked<[MikroOrmTransaction, Broadcaster?, ...unknown[]], void> =
  async function (original, trx, broadcaster, ...rest) {
    const frame = frameOf(trx);
    if (frame?.isOpen !== true || committing.has(trx)) return original(trx, broadcaster, ...rest);
    frame.leave();
    committing.add(trx);
    try {
      if (frame.parent !== undefined) {
        await frame.beforeCommit();
        await original(trx, tellInContext(broadcaster, frame), ...rest);
      } else if (
        !(await commitRoot(frame, trx, (watched) => original(trx, watched, ...rest), broadcaster))
      ) {
        frame.rollBack();
      }
    } catch (error) {
      if (frame.isOpen) frame.rollBack();
      throw error;
    } finally {
      committing.delete(trx);
    }
    if (frame.isOpen) await frame.commit();
  };

/** @returns whether there was a COMMIT, and not a rollback before it or by it */
async function commitRoot(
  frame: TransactionFrame,
  trx: MikroOrmTransaction,
  send: (broadcaster: Broadcaster) => Promise<void>,
  broadcaster: Broadcaster | undefined,
): Promise<boolean> {
  const isCommitted = watchAnswer(trx);
  let isSent = false;
  const watched = tellInContext(broadcaster, frame, async (event) => {
    if (event !== 'beforeTransactionCommit') return;
    // Subscribers have called their effects.
    await frame.beforeCommit();
    isSent = true;
  });
  await send(watched);
  // MikroORM sends nothing where the transaction was rolled back by hand, and resolves.
  return isSent && (await isCommitted());
}

/** @internal */
export const rollback: Tracked<[MikroOrmTransaction, Broadcaster?, ...unknown[]], void> =
  async function (original, trx, broadcaster, ...rest) {
    const frame = frameOf(trx);
    if (frame === undefined) return original(trx, broadcaster, ...rest);
    frame.leave();
    try {
      await original(trx, tellInContext(broadcaster, frame), ...rest);
    } finally {
      if (frame.isOpen) frame.rollBack();
    }
  };

function openRoot(
  connection: MikroOrmConnection,
  begun: () => MikroOrmTransaction | undefined,
): TransactionFrame {
  const database = connection.config?.get('dbName');
  const name =
    typeof database === 'string' ? `MikroORM transaction in ${database}` : 'MikroORM transaction';
  let found: ReturnType<typeof databaseOf> | undefined;
  const here = () => begun() && (found ??= databaseOf(connection, begun()!, name));
  const frame: TransactionFrame = openFrame({
    name,
    tx: begun,
    get connection() {
      return here()?.connection;
    },
    isCurrent: () => !isSuspended(frame),
    isStillOpen: async () => (await here()?.isStillOpen?.()) ?? true,
  });
  return frame;
}
