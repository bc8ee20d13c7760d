import type { Fate } from '../model/stamped-frame.js';

/** A frame as code in its context sees it, which may go on after the frame has ended. */
interface Ambient<F> {
  readonly fate: Fate;
  /**
   * True if a call made in its context after it was rolled back belongs to the undone work (rule
   * 21).
   */
  readonly takesLeftovers: boolean;
  /** The open frame in whose context it was opened. */
  readonly around: F | undefined;
  /** The frame of a call that does not belong to it. */
  readonly next: F | undefined;
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
