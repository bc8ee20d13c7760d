import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import type { SequelizeTransaction } from './sequelize.client.js';

/** The key on a transaction of Sequelize of what stands for it here. */
const OPENED = Symbol('AIRLOCK_OPENED');

/** A transaction or savepoint of Sequelize and its frame. @internal */
export class Opened {
  /**
   * @param begunByStatement the savepoints of the whole transaction that nothing but a call ends:
   * Sequelize sends nothing for their `commit()`, and so it is often left out
   */
  constructor(
    readonly frame: TransactionFrame,
    private readonly begunByStatement = new Set<TransactionFrame>(),
  ) {}

  /** Undefined for a transaction that is not tracked. */
  static of(transaction: object): Opened | undefined {
    return (transaction as { readonly [OPENED]?: Opened })[OPENED];
  }

  /** Makes this stand for a transaction, and what its hooks call share its fate. */
  standFor(transaction: SequelizeTransaction): void {
    Object.defineProperty(transaction, OPENED, { value: this });
    const { frame } = this;
    const { afterCommit, forceCleanup } = transaction;
    // Called where a COMMIT has failed; versions without it do not tell.
    let mayHaveFailed = forceCleanup === undefined;
    if (forceCleanup !== undefined)
      transaction.forceCleanup = () => {
        mayHaveFailed = true;
        return forceCleanup.call(transaction);
      };
    transaction.afterCommit = (hook) => {
      if (typeof hook !== 'function') return afterCommit.call(transaction, hook);
      // They may call effects when it is too late to ask the server.
      frame.noteCall();
      afterCommit.call(transaction, async () => {
        try {
          await frame.runAfterCommit(() => hook.call(transaction, transaction));
        } catch (error) {
          // Sequelize rejects with it, although there was a COMMIT.
          if (!mayHaveFailed && frame.isOpen) await frame.commit();
          throw error;
        }
      });
    };
  }

  /**
   * Savepoints of one transaction come one after the other: the rollback of one takes back those
   * that came after it.
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

  /** Takes the rest of the caller's asynchronous function out of it. */
  leave(): void {
    for (const frame of this.inner()) frame.leave();
    this.frame.leave();
  }

  /**
   * Releases what was begun in it by a statement, since it ends.
   *
   * @throws FrameStateError where a callback still runs in one of them
   */
  async release(): Promise<void> {
    for (const frame of this.inner()) {
      await frame.beforeCommit();
      await frame.commit();
      this.begunByStatement.delete(frame);
    }
  }

  /** Lists the open savepoints in it that were begun by a statement, the innermost first. */
  private inner(): readonly TransactionFrame[] {
    return [...this.begunByStatement]
      .filter((frame) => frame.isOpen && frame !== this.frame && this.frame.encloses(frame))
      .reverse();
  }
}

/** Ends the frame where a transaction without a callback is ended. @internal */
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
      // As Sequelize does where a COMMIT fails: its caller need not, and often does not.
      isGivenBack = true;
      await rollback().catch(() => {});
      if (frame.isOpen) frame.rollBack();
      throw error;
    }
  };
  transaction.commit = async () => {
    // Sequelize has an error of its own for what has ended.
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
