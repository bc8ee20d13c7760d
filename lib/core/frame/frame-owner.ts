import { endBy } from './ended-by-statement.js';
import type { CallsBeside } from './calls-beside.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/** Code that works in a frame. Whose calls belong to the frame depends on it (ADR 22). */
type Owner =
  /** A callback. What it leaves running belongs to it, also after a rollback (rule 21). */
  | 'callback'
  /** A callback that goes on without a transaction after a rollback, as one of TypeORM may. */
  | 'survivingCallback'
  /** The client alone, since its callback is over. */
  | 'client'
  /** The function that has begun the frame by a statement, and code that awaits that function. */
  | 'caller'
  /** Code that a callback has handed the frame to before it returned. */
  | 'receiver'
  /**
   * The function that has begun the frame by a statement, whose client has ended it by itself. What
   * it calls belongs to the undone work until it ends the frame too, or begins another one.
   */
  | 'unaware';

interface OwnedFrame extends StampedFrame {
  readonly parent: StampedFrame | undefined;
  readonly whole: { readonly beside: CallsBeside | undefined; isUndone: boolean };
  /** The frame of its connection that code here runs in, if any. */
  readonly callersFrame: StampedFrame | undefined;
  /** The innermost frame that calls in it belong to. */
  readonly frameOfCalls: StampedFrame;
}

/**
 * The owner of a transaction or savepoint: a callback, unless the adapter says otherwise.
 *
 * @internal
 */
export class FrameOwner {
  private owner: Owner = 'callback';

  constructor(private readonly frame: OwnedFrame) {}

  /** True if code outside the context of the frame works in it. */
  get isOutside(): boolean {
    return this.owner === 'caller' || this.owner === 'receiver';
  }

  /** True if calls made in the context of the frame after a rollback belong to the undone work. */
  get leavesWorkBehind(): boolean {
    return this.owner !== 'caller' && this.owner !== 'survivingCallback';
  }

  /** True if code that ends the frame in its context may leave that. */
  get mayLeave(): boolean {
    return this.owner !== 'receiver';
  }

  /** Notes that a statement begins the frame, in the code that sends it. */
  byStatement(): void {
    this.givenTo('caller');
  }

  /** Notes that its callback has returned and left it open. */
  handOut(): void {
    this.givenTo('receiver');
  }

  private givenTo(owner: Owner): void {
    this.owner = owner;
    this.ownBeside?.take();
  }

  /** Notes that its client has begun it for a callback, by a statement of its own perhaps. */
  forCallback(): void {
    if (this.owner !== 'caller') return;
    this.owner = 'survivingCallback';
    this.ownBeside?.takeNone();
  }

  /** True if the function that has begun the frame by a statement has not ended it by itself. */
  get isUnaware(): boolean {
    return this.owner === 'unaware';
  }

  /**
   * Notes that nothing can be sent through it any more, so that no work in it goes on without it.
   */
  closed(): void {
    this.owner = this.isOutside || this.isUnaware ? 'unaware' : 'callback';
  }

  /** To be called when its callback has settled, before its end is sent. */
  callbackOver(): void {
    this.owner = 'client';
    this.ownBeside?.giveTo(this.frame.frameOfCalls);
  }

  /**
   * To be called in code that sends a statement through the transaction. If that code runs in no
   * frame of the connection while the callback runs, the callback has handed the transaction out to
   * it and waits: a `begin()` of the application's own, around a client that has none. The callback
   * remains the owner.
   *
   * @param sql to notice one that rolls the transaction back without the client's knowledge
   */
  noteStatement(sql?: unknown): void {
    if (endBy(sql) === 'rollback') this.frame.whole.isUndone = true;
    if (this.owner !== 'callback' && this.owner !== 'survivingCallback') return;
    const { ownBeside } = this;
    if (ownBeside?.mayTake === true && this.isElsewhere) ownBeside.takeIfWithin();
  }

  /** To be called in code that ends the frame, wherever it runs. */
  endedByCode(): void {
    if (this.isUnaware) this.owner = 'caller';
  }

  /** To be called in code outside the frame that ends it: a helper may have begun it. */
  endedOutside(): void {
    if (this.isElsewhere) this.ownBeside?.giveTo(this.frame.frameOfCalls);
  }

  /** Calls beside the transaction; undefined for a savepoint, which decides about none. */
  private get ownBeside(): CallsBeside | undefined {
    return this.frame.parent === undefined ? this.frame.whole.beside : undefined;
  }

  /** True if code here runs in no frame of the connection. */
  private get isElsewhere(): boolean {
    return this.frame.callersFrame === undefined;
  }
}
