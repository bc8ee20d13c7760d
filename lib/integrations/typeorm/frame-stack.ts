import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/**
 * Transaction and savepoints that TypeORM has open on one connection. TypeORM ends the innermost,
 * whoever asks.
 *
 * @internal
 */
export class FrameStack {
  /**
   * Open frames, the outermost first. A frame whose ROLLBACK failed stays, as TypeORM still has it
   * open.
   */
  private readonly open: TransactionFrame[] = [];
  /**
   * True once an end was refused because the caller was in another frame: from then on each
   * rollback is one of the whole transaction.
   */
  private isOutOfOrder = false;

  /** @param isShared true where one connection serves all, as on SQLite */
  constructor(private readonly isShared: () => boolean) {}

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

  /** @throws FrameStateError if the savepoint would be inside one that the caller is not in */
  assertMayBegin(): void {
    this.assertInOrder('take a savepoint');
  }

  /**
   * @throws FrameStateError if the whole transaction is lost, or the statement would end a
   *   savepoint that the caller is not in
   */
  assertMayCommit(): void {
    this.assertEnds(() => {
      this.innermost?.whole.assertNothingRefused();
      this.assertInOrder('be committed');
    });
  }

  /** @throws FrameStateError if the statement would end a savepoint that the caller is not in */
  assertMayRollBack(): void {
    if (!this.isOutOfOrder) this.assertEnds(() => this.assertInOrder('be rolled back'));
  }

  private assertInOrder(wish: string): void {
    const frame = this.innermost?.callersFrame;
    if (frame === undefined || frame === frame.onConnection.innermost) return;
    // Transactions of code that knows nothing of each other lie in one another there, and TypeORM
    // commits them all: where no effect is called in them, that is none of Airlock's business.
    if (this.isShared() && !frame.whole.hasCalls) return;
    throw frame.refuse(wish);
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
