import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/** A transaction, or a savepoint in it, which has a name. */
interface Opened {
  readonly frame: TransactionFrame;
  readonly savepoint?: string;
}

/**
 * The transaction and the savepoints in it, the innermost last, as they are open on its connection.
 * @internal
 */
export class OpenFrames {
  readonly list: Opened[];
  /** Whether a SAVEPOINT is on its way. */
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
   * The last of that name: it hides those before. Where there is none the database refuses the
   * statement.
   */
  indexOf(name: string): number {
    const index = this.list.findLastIndex(({ savepoint }) => savepoint === name);
    return index === -1 ? this.list.length : index;
  }
}
