import { type Context, contexts } from '../scope/context.js';
import { joinFrame } from './held-intents.js';
import type { Intent } from '../model/intent.js';
import type { StampedFrame } from '../model/stamped-frame.js';

const NONE: readonly Intent[] = [];

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
  /** True if a helper may have begun the transaction, and not a callback. */
  private isTaking = false;
  /** The context in which it was begun. Undefined once it has ended: code may keep it for long. */
  private at: Context | undefined;
  /** The last call there that is not beside it. */
  private last: Intent | undefined;
  /** Calls that stay with their scope, since it is not known which transaction they belong to. */
  private unassigned: readonly Intent[] = NONE;

  constructor(
    private readonly transaction: StampedFrame,
    at: Context | undefined,
  ) {
    this.at = withoutPolicies(at);
    this.last = this.at?.opened?.buffer.last;
  }

  /** True if it takes no calls yet, and there is a scope where it could. */
  get mayTake(): boolean {
    return this.at !== undefined && !this.isTaking;
  }

  /** Takes the calls since the transaction was begun. */
  take(): void {
    if (this.at === undefined) return;
    this.isTaking = true;
    (this.at.callsBeside ??= new Set()).add(this);
  }

  /** `take` for code elsewhere: does nothing unless that runs in a scope that was begun there. */
  takeIfWithin(): void {
    if (this.at !== undefined && isWithin(this.at)) this.take();
  }

  /**
   * To be called when the scope in which the transaction was begun has ended, and handed its calls
   * to the one around: code there may go on in the transaction.
   *
   * @param around the context in which the scope was opened
   */
  goOnIn(around: Context): void {
    const { isTaking } = this;
    this.takeNone();
    this.at = withoutPolicies(around);
    this.last = around.opened?.buffer.last;
    if (isTaking) this.take();
  }

  takeNone(): void {
    this.isTaking = false;
    this.at?.callsBeside?.delete(this);
  }

  /**
   * Gives a frame the calls made since the last time, if it takes any. To be called before the frame
   * is ended, or a savepoint is taken in it.
   *
   * @param frame the transaction, or a savepoint in it
   * @returns what it was given
   */
  giveTo(frame: StampedFrame): readonly Intent[] {
    const { at, last } = this;
    if (at === undefined || !this.isTaking) return NONE;
    const unit = at.opened;
    for (const other of at.callsBeside!)
      if (other !== this) other.isAmbiguous = this.isAmbiguous = true;
    if (unit?.state !== 'open') return NONE;
    let given = NONE;
    if (this.isAmbiguous) this.unassigned = this.unassigned.concat(unit.buffer.unframedSince(last));
    else given = unit.buffer.adopt(frame, last);
    for (const intent of given) joinFrame(unit, intent);
    this.last = unit.buffer.last;
    return given;
  }

  /** To be called when the transaction has ended. */
  ended(): void {
    this.takeNone();
    const { at, transaction, unassigned } = this;
    this.at = this.last = undefined;
    this.unassigned = NONE;
    if (transaction.fate !== 'rolledBack' || unassigned.length === 0) return;
    const names = [...new Set(unassigned.map(({ name }) => name))].join(', ');
    at!.host.warn(
      `"${transaction.name}" was rolled back, and was begun and ended by other code than that which called ${names} while it was open in ` +
        `scope "${at!.opened!.label}". Others were open there at the same time, so it cannot be told whose calls these are, and they go ` +
        'out with the scope. Begin a transaction in the function that does its work, or give each its own scope (`airlock.run`).',
    );
  }
}

/** The context of the same scope that lies around those of policies in it. */
function withoutPolicies(context: Context | undefined): Context | undefined {
  const unit = context?.opened;
  let at = context;
  while (unit !== undefined && at?.outer?.opened === unit) at = at.outer;
  return at;
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
