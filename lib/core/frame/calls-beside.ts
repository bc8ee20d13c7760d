import type { Context } from '../scope/context.js';
import { joinFrame } from './held-intents.js';
import type { Intent } from '../model/intent.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/**
 * Calls made in no transaction while one is open that a helper has begun, such as an
 * `async begin()` or an interceptor. The asynchronous context of the helper does not reach the code
 * that awaits it, so that code does not run in the transaction. If the code that ends the
 * transaction does not run in it either, a helper has begun it, and these calls belong to it (ADR
 * 22).
 *
 * @internal
 */
export class CallsBeside {
  /** True once the calls may belong to another such transaction as well. */
  isAmbiguous = false;
  private last: Intent | undefined;
  /** Calls that stay with their scope, since it is not known which transaction they belong to. */
  private unassigned: readonly Intent[] = [];

  /**
   * @param at the context in which the transaction was begun
   * @param from the last call there that is not beside it @default the last one up to now
   */
  constructor(
    private readonly frame: StampedFrame,
    private readonly at: Context,
    from: { readonly last: Intent | undefined } = { last: at.opened?.buffer.last },
  ) {
    this.last = from.last;
    (at.callsBeside ??= new Set()).add(this);
  }

  /**
   * Gives a frame the calls made since the last time. To be called before the frame is ended, or a
   * savepoint is taken in it.
   *
   * @param frame the transaction, or a savepoint in it
   */
  adopt(frame: StampedFrame): void {
    const { at, last } = this;
    const unit = at.opened;
    for (const other of at.callsBeside!)
      if (other !== this) other.isAmbiguous = this.isAmbiguous = true;
    if (unit?.state !== 'open') return;
    if (this.isAmbiguous) this.unassigned = unit.buffer.unframedSince(last);
    else for (const intent of unit.buffer.adopt(frame, last)) joinFrame(unit, intent);
    this.last = unit.buffer.last;
  }

  /** To be called when the transaction has ended. */
  ended(): void {
    const { at, frame, unassigned } = this;
    at.callsBeside?.delete(this);
    if (frame.fate !== 'rolledBack' || unassigned.length === 0) return;
    const names = [...new Set(unassigned.map(({ name }) => name))].join(', ');
    at.host.warn(
      `"${frame.name}" was rolled back, and was begun and ended by other code than that which called ${names} while it was open in ` +
        `scope "${at.opened!.label}". Others were open there at the same time, so it cannot be told whose calls these are, and they go ` +
        'out with the scope. Begin a transaction in the function that does its work, or give each its own scope (`airlock.run`).',
    );
  }
}
