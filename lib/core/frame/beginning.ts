import { CallsBeside } from './calls-beside.js';
import { type Context, contexts } from '../scope/context.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/**
 * The place where a transaction was begun, and the unit of work there, which hears of it: a scope
 * that ends before its transaction says so.
 *
 * @internal
 */
export class Beginning {
  /** Undefined once the unit of work there is known, or the transaction has ended. */
  private at = contexts.getStore();
  private unit: UnitOfWork | undefined;
  /** The calls that may be its own although they were made outside of it. */
  private beside: CallsBeside | undefined;

  constructor(private readonly transaction: StampedFrame) {
    this.tell();
  }

  /** A unit of work may open after the transaction: with the first effect that is called in it. */
  tell(): void {
    const unit = this.at?.opened;
    if (unit === undefined) return;
    this.at = undefined;
    this.unit = unit;
    unit.transactionOpened(this.transaction);
  }

  /** The transaction was begun by a statement, and may be ended by other code. */
  byStatement(): void {
    const here: Context | undefined = contexts.getStore();
    if (here !== undefined) this.beside ??= new CallsBeside(this.transaction, here);
  }

  /** It was begun for a callback, which is all that belongs to it. */
  byCallback(): void {
    this.beside?.ended();
    this.beside = undefined;
  }

  /**
   * A helper has begun it: what was called in no transaction meanwhile is its own.
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
    this.unit?.transactionEnded(this.transaction);
  }
}
