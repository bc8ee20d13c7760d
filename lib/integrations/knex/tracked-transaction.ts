import { openFrame } from '../../core/frame/open-frame.js';
import { frames, type TransactionFrame } from '../../core/frame/transaction-frame.js';
import { isInTransaction, NO_OPERATION } from '../ended-by-server.js';
import type { KnexPromise, KnexTransaction } from './knex.client.js';
import { KnexConnection } from './knex.connection.js';

/**
 * Value that Knex resolves `commit()` to, on drivers that say which command the server carried out.
 */
interface Answer {
  readonly response?: { readonly command?: string };
}

/**
 * One transaction or savepoint of Knex and its frame. Whoever ends it, Knex after a handler's
 * promise or the user's own code, does so by `trx.commit` or `trx.rollback`, so these are where its
 * end is seen.
 *
 * @internal
 */
export class TrackedTransaction {
  private opened: TransactionFrame | undefined;
  private isByHand = false;
  private isHandedOut = false;
  private ending: Promise<unknown> | undefined;
  private answer: Promise<unknown> | undefined;
  private settled!: Promise<unknown>;
  private trx: KnexTransaction | undefined;

  private constructor(
    private readonly open: (tracked: TrackedTransaction) => TransactionFrame,
    private readonly connection?: KnexConnection,
  ) {}

  /** Makes one for a transaction, whose frame opens when Knex begins. */
  static begunOn(dialect: string | undefined, name: string): TrackedTransaction {
    const connection = KnexConnection.of(dialect, name);
    const open = (tracked: TrackedTransaction): TransactionFrame =>
      openFrame({
        name,
        tx: () => tracked.trx,
        ...(connection && { connection }),
        ...(dialect === 'mysql' && {
          isStillOpen: () => tracked.isInTransaction(),
        }),
        ...(dialect === 'postgresql' && {
          isStillOpen: () => connection!.isStillOpen(),
        }),
      });
    return new TrackedTransaction(open, connection);
  }

  /**
   * Makes one for a savepoint, whose frame opens when Knex has taken it: Knex runs savepoints that
   * are begun side by side one after the other. Without a handler it opens at once, beside the
   * other: the function that begins it stands in it from there on.
   */
  static savepointIn(frame: TransactionFrame): TrackedTransaction {
    return new TrackedTransaction(() => frame.nextSavepoint());
  }

  get frame(): TransactionFrame {
    return (this.opened ??= this.open(this));
  }

  /**
   * Puts the function that begins a transaction without a handler in it. Nothing asynchronous may
   * come before.
   */
  enter(): void {
    this.isByHand = true;
    this.frame.enter();
  }

  /**
   * To be called when its handler has returned without a Promise, so that its code ends it later.
   */
  handOut(): void {
    if (this.isByHand || this.ending !== undefined) return;
    this.isHandedOut = true;
    this.frame.owner.handOut();
  }

  /** Takes over the two ends of a transaction that has begun. */
  adopt(trx: KnexTransaction): void {
    this.trx = trx;
    this.connection?.use(trx);
    const { commit, rollback, isCompleted, executionPromise } = trx;
    trx.commit = (value) => {
      this.leave();
      // The code of a handler hears of a failed commit by the promise of the transaction.
      this.isByHand ||= this.isHandedOut && frames.getStore() !== this.frame;
      return (this.ending ??= handled(
        this.outside(() => this.commit(() => commit(value), rollback)),
      ));
    };
    trx.rollback = (error) => {
      this.leave();
      if (this.ending !== undefined) return this.ending.catch(() => {});
      return (this.ending = handled(
        this.outside(() => rollback(error).then((answer) => this.afterEnd(answer))),
      ));
    };
    const listening: Promise<unknown>['then'] = (onEnd, onError) =>
      Promise.prototype.then.call(
        executionPromise,
        onEnd && ((value) => this.outside(() => onEnd(value))),
        onError && ((error) => this.outside(() => onError(error))),
      ) as never;
    executionPromise.then = listening;
    // The COMMIT waits for what is written before it; code that asks meanwhile must not roll back.
    trx.isCompleted = () => this.ending !== undefined || isCompleted();
  }

  /**
   * Follows the promise of Knex.
   *
   * @returns one that settles alike, once the connection is released and what waited for the commit
   *   has got out
   */
  settleWith(running: KnexPromise): Promise<unknown> {
    return (this.settled = this.end(running.then((value) => value)));
  }

  /** Runs listeners to its end outside the transaction. */
  private outside<R>(fn: () => R): R {
    return frames.run(this.frame.next, fn);
  }

  private leave(): void {
    if (this.isByHand || this.isHandedOut) this.frame.leave();
    else this.frame.owner.callbackOver();
  }

  private async commit(
    commit: () => Promise<unknown>,
    rollback: KnexTransaction['rollback'],
  ): Promise<unknown> {
    try {
      await this.frame.beforeCommit();
    } catch (error) {
      await rollback(error);
      // With a handler, the promise of the transaction rejects. `commit()` does not reject in Knex,
      // and few callers expect that.
      if (this.isByHand) throw error;
      return this.afterEnd(undefined);
    }
    this.answer = commit();
    return this.afterEnd(await this.answer);
  }

  /** Errors of COMMIT and ROLLBACK are told by the promise of the transaction. */
  private async afterEnd(answer: unknown): Promise<unknown> {
    await this.settled.catch(() => {});
    return answer;
  }

  private async end(running: Promise<unknown>): Promise<unknown> {
    let value: unknown;
    try {
      value = await running;
    } catch (error) {
      this.opened?.rollBack();
      throw error;
    }
    if (await this.isCommitted()) await this.frame.commit();
    else this.frame.rollBack();
    return value;
  }

  /** Asked of MySQL, whose drivers answer with the OK packet and its fields. */
  private async isInTransaction(): Promise<boolean> {
    const [answer] = (await this.trx!.raw(NO_OPERATION)) as readonly unknown[];
    return isInTransaction(answer);
  }

  /** False after a rollback without an error, which resolves the promise of Knex, too. */
  private async isCommitted(): Promise<boolean> {
    if (this.answer === undefined || this.frame.state === 'rolledBack') return false;
    // After a failed statement whose error was swallowed, PostgreSQL answers COMMIT with a rollback
    // and no error.
    return ((await this.answer) as Answer | undefined)?.response?.command !== 'ROLLBACK';
  }
}

/** Callers need not wait for the end: what it fails with is the transaction's own error. */
function handled(promise: Promise<unknown>): Promise<unknown> {
  promise.catch(() => {});
  return promise;
}
