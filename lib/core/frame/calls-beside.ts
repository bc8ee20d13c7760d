import type { Context } from '../scope/context.js';
import { joinFrame } from './held-intents.js';
import type { Intent } from '../model/intent.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/**
 * The calls that are made in no transaction while one is open that a helper has begun: an `async
 * begin()`, or an interceptor. Nothing of the helper's asynchronous context reaches the code that
 * awaits it, so that code does not stand in the transaction. Nor does whoever ends it, which tells
 * such a transaction from all others: the calls are its own (ADR 22).
 *
 * @internal
 */
export class CallsBeside {
  /** True once the calls may as well be those of another such transaction. */
  isAmbiguous = false;
  private last: Intent | undefined;
  /** Calls that were left with their scope, since it is not known whose they are. */
  private left: readonly Intent[] = [];

  /** @param at where the transaction was begun */
  constructor(
    private readonly frame: StampedFrame,
    private readonly at: Context,
  ) {
    this.last = at.opened?.buffer.last;
    (at.callsBeside ??= new Set()).add(this);
  }

  /**
   * Makes the calls since the last time those of a frame. Called where that is ended, or a savepoint
   * is taken in it, before that is done.
   *
   * @param frame the transaction, or a savepoint in it
   */
  adopt(frame: StampedFrame): void {
    const { at, last } = this;
    const unit = at.opened;
    for (const other of at.callsBeside!)
      if (other !== this) other.isAmbiguous = this.isAmbiguous = true;
    if (unit?.state !== 'open') return;
    if (this.isAmbiguous) this.left = unit.buffer.unframedSince(last);
    else for (const intent of unit.buffer.adopt(frame, last)) joinFrame(unit, intent);
    this.last = unit.buffer.last;
  }

  /** The transaction has ended. */
  ended(): void {
    const { at, frame, left } = this;
    at.callsBeside?.delete(this);
    if (frame.fate !== 'rolledBack' || left.length === 0) return;
    const names = [...new Set(left.map(({ name }) => name))].join(', ');
    at.host.warn(
      `"${frame.name}" was rolled back, and was begun and ended by other code than that which called ${names} while it was open in ` +
        `scope "${at.opened!.label}". Others were open there at the same time, so it cannot be told whose calls these are, and they go ` +
        'out with the scope. Begin a transaction in the function that does its work, or give each its own scope (`airlock.run`).',
    );
  }
}
