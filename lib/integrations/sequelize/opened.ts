import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import type { SequelizeTransaction } from './sequelize.client.js';

/** Key on a transaction of Sequelize for its `Opened`. */
const OPENED = Symbol('AIRLOCK_OPENED');

/** Transaction or savepoint of Sequelize, with its frame. @internal */
export class Opened {
  /**
   * @param begunByStatement savepoints of the whole transaction without a callback. Sequelize sends
   *   nothing for their `commit()`, so that code often leaves it out
   */
  constructor(
    readonly frame: TransactionFrame,
    private readonly begunByStatement = new Set<TransactionFrame>(),
  ) {}

  /** Undefined for a transaction that is not tracked. */
  static of(transaction: object): Opened | undefined {
    return (transaction as { readonly [OPENED]?: Opened })[OPENED];
  }

  /** Connects this with a transaction that has begun. Effects of its hooks share its fate. */
  standFor(transaction: SequelizeTransaction): void {
    Object.defineProperty(transaction, OPENED, { value: this });
    const { frame } = this;
    const { afterCommit, forceCleanup } = transaction;
    // `forceCleanup` is called after a COMMIT has failed. Versions without it do not tell.
    let mayHaveFailed = forceCleanup === undefined;
    if (forceCleanup !== undefined)
      transaction.forceCleanup = () => {
        mayHaveFailed = true;
        return forceCleanup.call(transaction);
      };
    transaction.afterCommit = (hook) => {
      if (typeof hook !== 'function') return afterCommit.call(transaction, hook);
      // Hooks may call effects when it is too late to ask the server.
      frame.whole.noteCall();
      afterCommit.call(transaction, async () => {
        try {
          await frame.runAfterCommit(() => hook.call(transaction, transaction));
        } catch (error) {
          // Sequelize rejects with the error of a hook, although there was a COMMIT.
          if (!mayHaveFailed && frame.isOpen) await frame.commit();
          throw error;
        }
      });
    };
  }

  /** True while the function that has begun it without a callback works in it. */
  get isBegunByStatement(): boolean {
    return this.frame.isOpen && this.frame.owner.isOutside;
  }

  /**
   * Follows a statement. After a deadlock of MySQL, Sequelize itself ends the transaction in the
   * midst of the function that has begun it, and refuses all that it sends from then on.
   */
  async heard(answer: Promise<unknown>): Promise<unknown> {
    try {
      return await answer;
    } catch (error) {
      if (!this.frame.isOpen) this.frame.owner.closed();
      throw error;
    }
  }

  /**
   * Takes a savepoint. Effects are refused in one beside another: the rollback of a savepoint takes
   * later ones back.
   */
  savepoint(): Opened {
    return new Opened(this.frame.nextSavepoint(), this.begunByStatement);
  }

  /** Opens a savepoint that has no callback. */
  openSavepoint(): Opened {
    const taken = this.savepoint();
    this.begunByStatement.add(taken.frame);
    return taken;
  }

  /** Takes the rest of the caller's asynchronous function out of the frame. */
  leave(): void {
    for (const frame of this.inner()) frame.leave();
    this.frame.leave();
  }

  /**
   * Releases savepoints without a callback, as the transaction or savepoint around them ends.
   *
   * @throws FrameStateError where a callback still runs in one of them
   */
  release(): Promise<void> | undefined {
    const inner = this.inner();
    return inner.length === 0 ? undefined : this.releaseAll(inner);
  }

  private async releaseAll(inner: readonly TransactionFrame[]): Promise<void> {
    for (const frame of inner) {
      await frame.beforeCommit();
      await frame.commit();
      this.begunByStatement.delete(frame);
    }
  }

  /** Lists the open savepoints in it that have no callback, the innermost first. */
  private inner(): readonly TransactionFrame[] {
    if (this.begunByStatement.size === 0) return [];
    return [...this.begunByStatement]
      .filter((frame) => frame.isOpen && frame !== this.frame && liesIn(frame, this.frame))
      .reverse();
  }
}

function liesIn(inner: TransactionFrame, outer: TransactionFrame): boolean {
  let at: TransactionFrame | undefined = inner;
  while (at !== undefined && at !== outer) at = at.parent;
  return at !== undefined;
}

/**
 * Ends the frame of a transaction without a callback at its `commit()` or `rollback()`. @internal
 */
export function endWith(transaction: SequelizeTransaction, opened: Opened): void {
  const { frame } = opened;
  const commit = transaction.commit.bind(transaction);
  const rollback = transaction.rollback.bind(transaction);
  let isGivenBack = false;
  const prepare = async (): Promise<void> => {
    try {
      await opened.release();
      await frame.beforeCommit();
    } catch (error) {
      // Rolls back here, as Sequelize does after a failed COMMIT: callers need not call
      // `rollback()`, and often do not.
      isGivenBack = true;
      await rollback().catch(() => {});
      if (frame.isOpen) frame.rollBack();
      throw error;
    }
  };
  transaction.commit = async () => {
    // For a transaction that has ended, Sequelize has an error of its own.
    if (!frame.isOpen) return commit();
    opened.leave();
    await prepare();
    try {
      await commit();
    } catch (error) {
      if (frame.isOpen) frame.rollBack();
      throw error;
    }
    if (frame.isOpen) await frame.commit();
  };
  transaction.rollback = async () => {
    if (isGivenBack) return;
    opened.leave();
    try {
      await rollback();
    } finally {
      if (frame.isOpen) frame.rollBack();
    }
  };
}
