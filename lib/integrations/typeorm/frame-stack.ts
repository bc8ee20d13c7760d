import { frames, type TransactionFrame } from '../../core/transaction-frame.js';
import { FrameStateError } from '../../errors/frame-state.error.js';

/**
 * The transaction of one connection and the savepoints in it. In the database they lie in one another in the order of their
 * statements, and each statement ends the innermost, however their callers see it.
 *
 * @internal
 */
export class FrameStack {
  /** The outermost first. A frame rolled back in vain stays, as TypeORM has it open. */
  private readonly open: TransactionFrame[] = [];
  /** Why this one, the whole transaction, can only be rolled back. */
  private lost: { readonly frame: TransactionFrame; readonly reason: FrameStateError } | undefined;

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
    if (this.lost?.frame === frame) this.lost = undefined;
  }

  /** The innermost that the caller stands in; undefined where it came another way. */
  get standing(): TransactionFrame | undefined {
    for (let at = frames.getStore(); at !== undefined; at = at.around) {
      for (let frame: TransactionFrame | undefined = at; frame !== undefined; frame = frame.parent) {
        if (frame.fate === 'open' && this.open.includes(frame)) return frame;
      }
    }
    return undefined;
  }

  /** @throws FrameStateError if the caller stands outside the innermost, so that its savepoint would come to lie in a stranger's */
  assertMayBegin(): void {
    const { innermost, standing } = this;
    if (standing !== undefined && standing !== innermost) throw outOfOrder(standing, innermost!, 'take a savepoint');
  }

  /** @throws FrameStateError if the whole transaction is lost, or the statement would end a stranger's savepoint: then it is lost */
  assertMayCommit(): void {
    if (this.lost !== undefined) throw this.lost.reason;
    this.assertEndsItsOwn('be committed');
  }

  /** @throws FrameStateError if the statement would end a stranger's savepoint, which loses the whole transaction */
  assertMayRollBack(): void {
    if (this.lost === undefined) this.assertEndsItsOwn('be rolled back');
  }

  private assertEndsItsOwn(wish: string): void {
    const { innermost, standing } = this;
    if (standing === undefined || standing === innermost) return;
    const reason = outOfOrder(standing, innermost!, wish);
    this.lost = { frame: standing.root, reason };
    throw reason;
  }
}

function outOfOrder(frame: TransactionFrame, innermost: TransactionFrame, wish: string): FrameStateError {
  return new FrameStateError(
    frame.name,
    frame.state,
    `Frame "${frame.name}" cannot ${wish}: "${innermost.name}", begun after it on the same connection, is still open. ` +
      'Await one savepoint before the next one begins (no `Promise.all`), and both before the transaction ends.',
  );
}
