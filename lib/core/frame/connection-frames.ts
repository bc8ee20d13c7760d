/** A frame as the other frames of its connection see it. */
interface OnConnection<F> {
  /** The frame that it lies in on its connection: its parent, or the transaction around a test. */
  readonly below: F | undefined;
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

  /** Takes out a frame that has ended, and what is still open in it. */
  remove(frame: F): void {
    if (frame.below !== undefined && this.countIn(frame) !== undefined)
      this.innermost = frame.below;
  }

  /** Number of those that are open in a frame; undefined if that is taken out itself. */
  countIn(frame: F): number | undefined {
    let count = 0;
    for (let at: F | undefined = this.innermost; at !== undefined; at = at.below) {
      if (at === frame) return count;
      count++;
    }
    return undefined;
  }
}
