import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/** A transaction, or a savepoint in it, which has a name. */
interface Opened {
  readonly frame: TransactionFrame;
  readonly savepoint?: string;
}

/**
 * Transaction and savepoints that are open on one connection, the innermost last. Whoever takes or
 * ends one: for the server they lie in one another, in the order of their statements.
 * @internal
 */
export class OpenFrames {
  /** True while a SAVEPOINT is on its way. */
  isTaking = false;
  private readonly list: Opened[];

  constructor(readonly root: TransactionFrame) {
    this.list = [{ frame: root }];
  }

  /** Opens the frame of a savepoint, in the innermost. */
  take(savepoint: string): TransactionFrame {
    const frame = this.list.at(-1)!.frame.savepoint();
    this.list.push({ frame, savepoint });
    return frame;
  }

  /** Takes the caller out of the frames from `first` on, before the statement that ends them. */
  leave(first: number): void {
    for (const { frame } of this.list.slice(first).reverse()) frame.leave();
  }

  /** Ends the frames from `first` on, the innermost first. */
  end(first: number, how: 'commit' | 'rollBack'): void {
    for (const { frame } of this.list.splice(first).reverse())
      if (frame.state === 'open') void frame[how]();
  }

  /**
   * Finds the last savepoint of a name, which hides earlier ones. Without any, the database
   * refuses the statement.
   */
  indexOf(name: string): number {
    const index = this.list.findLastIndex(({ savepoint }) => savepoint === name);
    return index === -1 ? this.list.length : index;
  }
}
