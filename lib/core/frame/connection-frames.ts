/** A frame as the other frames of its connection see it. */
interface OnConnection<F> {
  readonly onConnection: object;
  /** The frame that it lies in on its connection: its parent, or the transaction around a test. */
  below: F | undefined;
  /** The open frame in whose context it was opened. */
  readonly around: F | undefined;
  readonly isOpen: boolean;
  /** True if an effect was called in it, or in a savepoint in it. */
  readonly holdsCalls: boolean;
  /** True for a savepoint that was open beside another one. */
  isTangled: boolean;
  /** True for the transaction around a test: what is called in it belongs to none. */
  readonly countsAsCommitted: boolean;
}

/**
 * The frames that are open on one connection. They lie in one another, never side by side: a
 * statement belongs to the innermost, whoever sends it.
 *
 * @internal
 */
export class ConnectionFrames<F extends OnConnection<F>> {
  /** The frame that the next statement lies in. */
  innermost: F;

  /** @param lowest stays, for a connection has no other transaction */
  constructor(lowest: F) {
    this.innermost = lowest;
  }

  /**
   * Takes out a frame that has ended, and what is still open in it. Savepoints that lay beside others
   * stay until they end themselves: a rollback of one undoes all that was sent since it was taken.
   */
  remove(frame: F): void {
    if (frame.below === undefined || !this.has(frame)) return;
    const left = this.within(frame).filter(({ isTangled, isOpen }) => isTangled && isOpen);
    this.innermost = frame.below;
    for (const savepoint of left.reverse()) {
      savepoint.below = this.innermost;
      this.innermost = savepoint;
    }
  }

  /** The frames that are open in a frame; none if that is taken out itself. */
  within(frame: F): readonly F[] {
    const frames: F[] = [];
    if (this.has(frame))
      for (let at = this.innermost; at !== frame; at = at.below!) frames.push(at);
    return frames;
  }

  /**
   * Notes that a savepoint comes to lie beside those that are open in a frame.
   *
   * @returns false if effects were called in those
   */
  tangleWithin(frame: F): boolean {
    const beside = this.within(frame);
    if (beside.some(({ holdsCalls }) => holdsCalls)) return false;
    for (const savepoint of beside) savepoint.isTangled = true;
    return true;
  }

  private has(frame: F): boolean {
    let at: F | undefined = this.innermost;
    while (at !== undefined && at !== frame) at = at.below;
    return at === frame;
  }

  /**
   * The frame of a call that is made in the context of `frame`: a savepoint holds all that follows
   * it on its connection, also the rows of code that does not run in its context.
   */
  frameOfCallsIn(frame: F): F {
    return this.has(frame) ? this.innermost : frame;
  }

  /**
   * The frame of this connection that code runs in; undefined if it runs in none, or only in the
   * transaction around a test.
   *
   * @param here the innermost frame of any connection that the code runs in
   */
  frameAt(here: F | undefined): F | undefined {
    for (let at = here; at !== undefined; at = at.around) {
      if (at.onConnection !== this) continue;
      let frame: F | undefined = at;
      while (frame !== undefined && (!frame.isOpen || frame.countsAsCommitted)) frame = frame.below;
      if (frame !== undefined) return frame;
    }
    return undefined;
  }
}
