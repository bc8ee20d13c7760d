import { CallsBeside } from './calls-beside.js';
import { type Context, contexts } from '../scope/context.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/**
 * The context in which a transaction was begun, and the unit of work there. The unit knows the
 * transaction, so that a scope that ends before its transaction can say so.
 *
 * @internal
 */
export class Beginning {
  /** Undefined once the transaction has ended. */
  private at = contexts.getStore();
  /** The last call there before it. Undefined once the transaction has ended. */
  private last = this.at?.opened?.buffer.last;
  /** Undefined once the transaction has ended: code that keeps the transaction need not keep all its calls. */
  private unit: UnitOfWork | undefined;
  /** The calls that may belong to the transaction although they were made outside of it. */
  private beside: CallsBeside | undefined;

  constructor(private readonly transaction: StampedFrame) {
    this.tellUnit();
  }

  /**
   * Tells the unit of work of the transaction. It may open after that: with the first effect that
   * is called in it.
   */
  tellUnit(): void {
    if (this.unit !== undefined) return;
    const unit = this.at?.opened;
    if (unit === undefined) return;
    this.unit = unit;
    unit.transactionOpened(this.transaction);
  }

  /** Notes that a statement has begun the transaction, so that other code may end it. */
  byStatement(): void {
    const here: Context | undefined = contexts.getStore();
    if (here !== undefined) this.beside ??= new CallsBeside(this.transaction, here);
  }

  /**
   * Notes that code beside its callback does its work.
   *
   * @returns false if that code is not where it was begun: its calls are not told from others
   */
  byUseBeside(): boolean {
    const { at } = this;
    if (at === undefined || !isWithin(at)) return false;
    // An explicit `undefined`, for a scope without a call, must not mean the calls up to now.
    this.beside ??= new CallsBeside(this.transaction, at, { last: this.last });
    return true;
  }

  /** Notes that it was begun for a callback: nothing else belongs to it. */
  byCallback(): void {
    this.beside?.ended();
    this.beside = undefined;
  }

  /**
   * Notes that a helper has begun it: calls made in no transaction meanwhile belong to it.
   *
   * @param frame the transaction, or the innermost savepoint in it
   */
  byHelper(frame: StampedFrame): void {
    this.beside?.adopt(frame);
  }

  ended(): void {
    this.beside?.ended();
    this.beside = undefined;
    this.at = undefined;
    this.last = undefined;
    this.unit?.transactionEnded(this.transaction);
    this.unit = undefined;
  }
}

/** True if code here runs in a scope that was begun in a context, or in the context itself. */
function isWithin(at: Context): boolean {
  const here: Context | undefined = contexts.getStore();
  if (here === at) return true;
  const wanted = at.opened;
  let unit = here?.opened;
  while (unit !== undefined && unit !== wanted) unit = unit.parent;
  return unit !== undefined;
}
