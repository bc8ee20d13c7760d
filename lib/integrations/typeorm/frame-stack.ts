import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/**
 * The transaction of one connection and the savepoints in it, as TypeORM has them open: it ends the
 * innermost, whoever asks.
 *
 * @internal
 */
export class FrameStack {
  /** The outermost first. A frame rolled back in vain stays, as TypeORM has it open. */
  private readonly open: TransactionFrame[] = [];
  /**
   * Whether an end was refused because it was a stranger's: from then on each rollback is one of
   * all.
   */
  private isOutOfOrder = false;

  /** Undefined where no transaction is open. */
  get innermost(): TransactionFrame | undefined {
    return this.open.at(-1);
  }

  push(frame: TransactionFrame): void {
    this.open.push(frame);
  }

  remove(frame: TransactionFrame): void {
    const index = this.open.indexOf(frame);
    if (index >= 0) this.open.splice(index, 1);
    if (this.open.length === 0) this.isOutOfOrder = false;
  }

  /** @throws FrameStateError if the savepoint would come to lie in a stranger's */
  assertMayBegin(): void {
    this.innermost?.assertInOrder('take a savepoint');
  }

  /**
   * @throws FrameStateError if the whole transaction is lost, or the statement would end a
   *   stranger's savepoint
   */
  assertMayCommit(): void {
    this.assertEnds(() => {
      this.innermost?.assertNotLost();
      this.innermost?.assertInOrder('be committed');
    });
  }

  /** @throws FrameStateError if the statement would end a stranger's savepoint */
  assertMayRollBack(): void {
    if (!this.isOutOfOrder) this.assertEnds(() => this.innermost?.assertInOrder('be rolled back'));
  }

  private assertEnds(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.isOutOfOrder = true;
      throw error;
    }
  }
}
