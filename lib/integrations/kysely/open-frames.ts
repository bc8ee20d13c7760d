import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/** A transaction, or a savepoint in it, which has a name. */
interface Opened {
  readonly frame: TransactionFrame;
  readonly savepoint?: string;
}

/**
 * Transaction and savepoints that are open on one connection, the innermost last.
 * @internal
 */
export class OpenFrames {
  readonly list: Opened[];
  /** True while a SAVEPOINT is on its way. */
  isTaking = false;

  constructor(readonly root: TransactionFrame) {
    this.list = [{ frame: root }];
  }

  get innermost(): TransactionFrame {
    return this.list.at(-1)!.frame;
  }

  /** Ends the frames from `first` on, the innermost first; their statement is sent next. */
  end(first: number, how: 'commit' | 'rollBack'): void {
    for (const { frame } of this.list.splice(first).reverse()) {
      frame.leave();
      if (frame.state === 'open') void frame[how]();
    }
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
