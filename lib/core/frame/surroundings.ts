import type { Fate } from '../model/stamped-frame.js';

/** A frame as code that stands in it, or in what it has left behind, sees it. */
interface Ambient<F> {
  readonly fate: Fate;
  /**
   * True if a call made in its context after it was rolled back is a part of what was undone (rule
   * 21).
   */
  readonly takesLeftovers: boolean;
  /** The open frame its context stood in when it was opened. */
  readonly around: F | undefined;
  /** The frame of a call that does not belong to it. */
  readonly next: F | undefined;
}

/** The frames that were there when one was opened, as its context sees them. @internal */
export class Surroundings<F extends Ambient<F>> {
  readonly open: F | undefined;
  /** The one whose rollback had left that context behind. */
  private leftBy: F | undefined;

  constructor(here: F | undefined) {
    // Ended ones are skipped, or code that begins transaction after transaction in one context
    // would chain them.
    this.open = openAt(here);
    this.leftBy = leftover(here);
  }

  /** The frame of a call that does not belong to the one that was opened. */
  get next(): F | undefined {
    return this.leftBy ?? this.open;
  }

  /** Forgets what was rolled back before: the frame takes such calls itself from here on. */
  forgetLeft(): void {
    this.leftBy = undefined;
  }
}

/** The innermost that is open, from `frame` outwards. @internal */
export function openAt<F extends Ambient<F>>(frame: F | undefined): F | undefined {
  let open = frame;
  while (open !== undefined && open.fate !== 'open') open = open.around;
  return open;
}

/** The innermost that was rolled back and takes calls, before any that is open. @internal */
export function leftover<F extends Ambient<F>>(frame: F | undefined): F | undefined {
  let ended = frame;
  while (ended !== undefined && ended.fate !== 'open' && !ended.takesLeftovers) ended = ended.next;
  return ended?.takesLeftovers === true ? ended : undefined;
}
