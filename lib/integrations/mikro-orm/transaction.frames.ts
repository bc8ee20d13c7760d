import { openFrame } from '../../core/frame/open-frame.js';
import type {
  FrameConnection,
  FrameOptions,
  TransactionFrame,
} from '../../core/frame/transaction-frame.js';
import {
  answerOfCommit,
  databaseOf,
  isRollback,
  type MikroOrmTransaction,
  withErrorsOf,
} from './database.js';
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
  // A transaction that began untracked has no frame, and for one that has ended MikroORM has an
  // error of its own.
  if (options.ctx !== undefined && around?.isOpen !== true) return original(options);
  const root = around === undefined ? new Root(this) : undefined;
  const frame = root?.frame ?? around!.nextSavepoint();
  // Before anything is awaited, so that the rest of the function that calls `em.begin()` is in the
  // frame.
  if (!(BY_CALLBACK in options)) frame.enter();
  try {
    const eventBroadcaster = new EventsOfBegin(options.eventBroadcaster, frame, root);
    const begun = await original({ ...options, eventBroadcaster });
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
    leave(frame);
    const events =
      frame.below === undefined
        ? new EventsOfCommit(broadcaster, frame, trx)
        : new EventsInContext(broadcaster, frame);
    const isRoot = events instanceof EventsOfCommit;
    try {
      if (!isRoot) await frame.beforeCommit();
      await original(trx, events, ...rest);
      // MikroORM sends nothing where the transaction was rolled back by hand, and resolves.
      if (isRoot && !events.isCommitted) frame.rollBack();
    } catch (error) {
      // A subscriber may have thrown after the statement.
      if (isRoot && events.isCommitted && frame.isOpen) await frame.commit();
      if (frame.isOpen) frame.rollBack();
      throw error;
    }
    const dispatching = frame.isOpen && outside(trx, broadcaster?.em, () => frame.commit());
    if (dispatching) await dispatching;
  };

/** @internal */
export const rollback: Tracked<[MikroOrmTransaction, Broadcaster?, ...unknown[]], void> =
  async function (original, trx, broadcaster, ...rest) {
    const frame = frameOf(trx);
    if (frame === undefined) return original(trx, broadcaster, ...rest);
    leave(frame);
    try {
      await original(trx, new EventsInContext(broadcaster, frame), ...rest);
    } finally {
      if (frame.isOpen) frame.rollBack();
    }
  };

/** To be called before the end of a frame is sent: its callback, if it has one, is over. */
function leave(frame: TransactionFrame): void {
  if (!frame.owner.isOutside) frame.owner.callbackOver();
  frame.leave();
}

/** A transaction that is no savepoint, as its frame asks about it. */
class Root implements FrameOptions {
  readonly name: string;
  readonly frame: TransactionFrame;
  private trx: MikroOrmTransaction | undefined;
  private database: ReturnType<typeof databaseOf> | undefined;
  private written: FrameConnection | undefined;

  constructor(private readonly on: MikroOrmConnection) {
    const dbName = on.config?.get('dbName');
    this.name =
      typeof dbName === 'string' ? `MikroORM transaction in ${dbName}` : 'MikroORM transaction';
    this.frame = openFrame(this);
  }

  begun(trx: MikroOrmTransaction): void {
    this.trx = trx;
    this.database = databaseOf(trx, this.name);
  }

  tx(): MikroOrmTransaction | undefined {
    return this.trx;
  }

  get connection(): FrameConnection | undefined {
    const connection = this.database?.connection;
    // Made when it is asked for: most transactions write nothing through it.
    return (this.written ??= connection && withErrorsOf(this.on.getPlatform(), connection));
  }

  isCurrent(): boolean {
    return !isSuspended(this.frame);
  }

  isStillOpen(): boolean | Promise<boolean> {
    return this.database?.isStillOpen?.() ?? true;
  }
}

class EventsOfBegin extends EventsInContext {
  constructor(
    given: Broadcaster | undefined,
    frame: TransactionFrame,
    private readonly root: Root | undefined,
  ) {
    super(given, frame);
  }

  override dispatchEvent(event: string, trx?: object): Promise<unknown> | undefined {
    // Before subscribers send statements in it.
    if (event === 'afterTransactionStart') this.root?.begun(trx as MikroOrmTransaction);
    return super.dispatchEvent(event, trx);
  }
}

class EventsOfCommit extends EventsInContext {
  /** True once the transaction was committed; not if it was rolled back before, or by the COMMIT. */
  isCommitted = false;
  private readonly answer: () => Promise<unknown> | undefined;

  constructor(given: Broadcaster | undefined, frame: TransactionFrame, trx: MikroOrmTransaction) {
    super(given, frame);
    this.answer = answerOfCommit(trx);
  }

  override dispatchEvent(event: string, trx?: object): Promise<unknown> | undefined {
    if (event === 'afterTransactionCommit') return this.afterCommit(event, trx);
    const told = super.dispatchEvent(event, trx);
    // By then subscribers have called their effects.
    return event === 'beforeTransactionCommit'
      ? Promise.resolve(told).then(() => this.frame.beforeCommit())
      : told;
  }

  private async afterCommit(event: string, trx?: object): Promise<unknown> {
    this.isCommitted = !isRollback(await this.answer());
    if (!this.isCommitted) this.frame.rollBack();
    return super.dispatchEvent(event, trx);
  }
}
