import { openFrame } from '../../core/frame/open-frame.js';
import {
  type FrameOptions,
  frames,
  type TransactionFrame,
} from '../../core/frame/transaction-frame.js';
import { CurrentTransaction } from './current-transaction.js';
import { databaseOf } from './database.js';
import { FrameStack } from './frame-stack.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.client.js';

/**
 * Frames of the transaction of one query runner, and of the savepoints in it. The outcome of each
 * statement decides: a frame ends if TypeORM has really ended its transaction or savepoint.
 *
 * @internal
 */
export class QueryRunnerFrames {
  private readonly stack = new FrameStack(() => this.isShared);
  private readonly original: Pick<
    TypeOrmQueryRunner,
    'startTransaction' | 'commitTransaction' | 'rollbackTransaction' | 'release'
  >;
  private readonly current: CurrentTransaction;
  /** Options of frames on this database. */
  private readonly database: Pick<FrameOptions, 'connection' | 'isStillOpen'>;
  /**
   * Set while a BEGIN or SAVEPOINT is on its way: TypeORM does not count it yet, and would make a
   * ROLLBACK one of the whole transaction.
   */
  private starting: Promise<void> | undefined;
  /** Frame whose COMMIT or RELEASE is on its way. */
  private committing: TransactionFrame | undefined;
  /** Frame whose ROLLBACK is on its way. */
  private rollingBack: TransactionFrame | undefined;
  /** The transaction that was open when other code has released the query runner. */
  private closed: TransactionFrame | undefined;
  /** Set while effects that waited for a COMMIT are being dispatched. */
  private outgoing: Promise<void> | undefined;

  constructor(
    private readonly runner: TypeOrmQueryRunner,
    private readonly dataSource: TypeOrmDataSource,
  ) {
    const { startTransaction, commitTransaction, rollbackTransaction, release } = runner;
    this.original = {
      startTransaction: startTransaction.bind(runner),
      commitTransaction: commitTransaction.bind(runner),
      rollbackTransaction: rollbackTransaction.bind(runner),
      release: release.bind(runner),
    };
    this.current = new CurrentTransaction(dataSource, runner);
    this.database = databaseOf(dataSource.options.type, runner);
  }

  /** Runs the callback of a transaction that has just begun. */
  run<M>(callback: (manager: M) => Promise<unknown>, manager: M): Promise<unknown> {
    const { innermost } = this;
    if (innermost === undefined) return callback(manager);
    const work = (): Promise<unknown> => callback(manager);
    return innermost.runCallback(
      innermost.parent === undefined ? () => this.current.run(callback, work) : work,
    );
  }

  /** Undefined where no transaction is open. */
  private get innermost(): TransactionFrame | undefined {
    return this.stack.innermost;
  }

  start(isolation: never[]): Promise<void> {
    if (this.runner.isReleased) return this.original.startTransaction(...isolation);
    let frame: TransactionFrame;
    try {
      // Two savepoints at the same time: the second would lie in one that may still fail.
      if (this.starting !== undefined) throw this.innermost!.root.refuse('take a savepoint');
      this.stack.assertMayBegin();
      frame = this.begin();
    } catch (error) {
      return Promise.reject(error);
    }
    this.stack.push(frame);
    // Before anything is awaited, so that the rest of the caller's function is in the frame.
    frame.enter();
    return (this.starting = this.startIt(frame, isolation));
  }

  private begin(): TransactionFrame {
    const { current, innermost, runner } = this;
    const { database } = this.dataSource.driver;
    const frame =
      innermost?.savepoint({ ...this.database, ...current.options }) ??
      openFrame({
        name: database === undefined ? 'TypeORM transaction' : `TypeORM transaction in ${database}`,
        tx: () => runner.manager,
        ...this.database,
        ...current.options,
      });
    if (frame.parent === undefined) current.begins();
    return frame;
  }

  private async startIt(frame: TransactionFrame, isolation: never[]): Promise<void> {
    const before = this.depth;
    try {
      await this.original.startTransaction(...isolation);
    } catch (error) {
      // A subscriber may have thrown after the statement: then TypeORM counts the transaction as
      // begun.
      if (!this.runner.isTransactionActive || this.depth <= before) this.lose(frame);
      throw error;
    } finally {
      this.starting = undefined;
    }
  }

  commit(): Promise<void> {
    const { innermost } = this;
    if (innermost === undefined) return this.endClosed(() => this.original.commitTransaction());
    try {
      this.stack.assertMayCommit();
    } catch (error) {
      return Promise.reject(error);
    }
    innermost.leave();
    return innermost.run(() => this.commitIt(innermost));
  }

  private async commitIt(frame: TransactionFrame): Promise<void> {
    const before = this.depth;
    this.committing = frame;
    try {
      await this.original.commitTransaction();
    } catch (error) {
      if (this.isStillOpen(frame, before)) frame.rollBack();
      // Otherwise a subscriber has thrown after the statement.
      else this.committed(frame);
      throw error;
    } finally {
      this.committing = undefined;
    }
    this.committed(frame);
    if (this.isShared) await this.delivered();
  }

  /**
   * Ends the frame before subscribers are called: their effects belong to the transaction around
   * it, if any, and a transaction that they begin is a new one.
   */
  ended(event: 'AfterTransactionCommit' | 'AfterTransactionRollback'): void {
    const { committing, rollingBack } = this;
    if (event === 'AfterTransactionCommit') {
      if (committing !== undefined) this.committed(committing);
    } else if (rollingBack !== undefined) this.lose(rollingBack);
  }

  private committed(frame: TransactionFrame): void {
    this.stack.remove(frame);
    // `ended` has ended it already, if there are subscribers.
    if (!frame.isOpen) return;
    // Not awaited here: effects may need a connection, and the caller still has this one. Its
    // release awaits them, unless it is shared.
    const done = frame.commit();
    if (done) this.outgoing = this.outgoing === undefined ? done : both(this.outgoing, done);
  }

  rollBack(): Promise<void> {
    const { innermost, starting } = this;
    if (innermost === undefined) return this.endClosed(() => this.original.rollbackTransaction());
    try {
      this.stack.assertMayRollBack();
    } catch (error) {
      return Promise.reject(error);
    }
    if (starting !== undefined) return starting.catch(() => {}).then(() => this.rollBack());
    innermost.leave();
    return innermost.run(() => this.rollBackIt(innermost));
  }

  private async rollBackIt(frame: TransactionFrame): Promise<void> {
    const before = this.depth;
    this.rollingBack = frame;
    try {
      await this.original.rollbackTransaction();
    } finally {
      this.rollingBack = undefined;
      if (this.isStillOpen(frame, before)) frame.rollBack();
      else this.lose(frame);
    }
  }

  private lose(frame: TransactionFrame): void {
    if (frame.root === this.closed) frame.owner.closed();
    this.stack.remove(frame);
    frame.rollBack();
  }

  release(): Promise<void> {
    if (this.isShared) return this.original.release();
    if (this.innermost !== undefined) {
      this.letGo(this.innermost);
      return this.abandon();
    }
    const released = this.endClosed(() => this.original.release());
    return this.outgoing === undefined ? released : released.then(() => this.delivered());
  }

  /**
   * A function that has begun a transaction by a statement, and releases the query runner, goes on
   * without it. A data source that is destroyed leaves work behind that can only fail.
   */
  private letGo({ callersFrame, root }: TransactionFrame): void {
    if (callersFrame?.owner.isOutside === true) return callersFrame.leave();
    if (callersFrame === undefined) root.leave();
    this.closed = root;
  }

  /** Takes a function that ends what was closed out of it. */
  private endClosed<R>(end: () => R): R {
    this.closed?.leave();
    return end();
  }

  private async delivered(): Promise<void> {
    const { outgoing } = this;
    this.outgoing = undefined;
    await outgoing;
  }

  /**
   * True on SQLite, whose drivers have one query runner for all. Each query of the data source
   * releases it, also queries of effects: such a release ends no transaction, and must not wait for
   * effects.
   */
  private get isShared(): boolean {
    return this.dataSource.driver.queryRunner === this.runner;
  }

  /**
   * Rolls back before a release: TypeORM would pass the connection on with the transaction open,
   * and its next user would commit it.
   */
  private async abandon(): Promise<void> {
    this.refuseWork();
    try {
      await this.starting?.catch(() => {});
      for (let frame; (frame = this.innermost) !== undefined; this.lose(frame)) {
        if (!this.runner.isReleased) await this.original.rollbackTransaction();
      }
    } catch {
      // The connection is broken, and with it the transaction; or TypeORM has lost count of its
      // savepoints.
      if (!this.runner.isReleased)
        await this.runner.query('ROLLBACK', undefined, true).catch(() => {});
      while (this.innermost !== undefined) this.lose(this.innermost);
    }
    await this.original.release();
    await this.delivered();
  }

  /**
   * Has TypeORM refuse all but a ROLLBACK, as it does on a query runner that is released: what other
   * code sends in the transaction meanwhile would come after the ROLLBACK, and stay.
   */
  private refuseWork(): void {
    const { runner } = this;
    const { query } = runner;
    runner.query = (sql, ...rest) => {
      const { isReleased } = runner;
      Object.assign(runner, { isReleased: isReleased || !/^ROLLBACK\b/i.test(sql) });
      const answer = query.call(runner, sql, ...rest);
      Object.assign(runner, { isReleased });
      return answer;
    };
  }

  /** Calls subscribers to the end of a transaction outside of it. */
  outside<R>(tell: () => R): R {
    const { committing, rollingBack } = this;
    // The server has answered COMMIT with a rollback.
    if (committing?.fate === 'rolledBack') return committing.runAfterCommit(tell);
    const frame = committing ?? rollingBack;
    return frame === undefined ? tell() : frames.run(frame.next, tell);
  }

  statementSent(sql: unknown): void {
    this.innermost?.root.owner.noteStatement(sql);
  }

  beforeCommit(): void | Promise<void> {
    // TypeORM refuses the COMMIT then, by an error of its own.
    if (this.runner.isReleased) return;
    return this.committing?.beforeCommit();
  }

  /** The server has answered a COMMIT with a rollback. */
  rolledBackInstead(): void {
    this.committing?.rollBack();
  }

  /** Ends the savepoints as a COMMIT of the whole transaction does. */
  releaseSavepoints(): void {
    const { stack } = this;
    for (let frame; (frame = stack.innermost)?.parent !== undefined; stack.remove(frame!)) {
      if (frame!.fate === 'open') void frame!.commit();
    }
  }

  /** TypeORM 0.3.20 counts down before it sends a COMMIT, also one that fails. */
  private isStillOpen({ parent }: TransactionFrame, before: number): boolean {
    return this.runner.isTransactionActive && (parent === undefined || this.depth >= before);
  }

  /**
   * Depth by which TypeORM itself decides. It is private, and absent on drivers without savepoints.
   */
  private get depth(): number {
    return (this.runner as { transactionDepth?: number }).transactionDepth ?? 0;
  }
}

async function both(first: Promise<void>, second: Promise<void>): Promise<void> {
  await first;
  await second;
}
