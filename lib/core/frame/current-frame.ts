import { leftover, openAt } from './surroundings.js';
import { frames, type TransactionFrame } from './transaction-frame.js';

// Where code stands: in which transaction, or in what one has left behind.

/**
 * The frame that an effect called here is stamped with: the innermost that is open, or was rolled
 * back.
 * @internal
 */
export function currentFrame(): TransactionFrame | undefined {
  let frame = frames.getStore();
  while (frame !== undefined && !frame.takesCalls) frame = frame.next;
  return frame?.place;
}

/** The frame that code stands in if it is what a rollback has left behind (rule 21). @internal */
export function leftBehindIn(): TransactionFrame | undefined {
  const here = frames.getStore();
  return leftover(here) === undefined ? undefined : here;
}

/** Runs what begins apart from the rollback that has left its context behind. @internal */
export function apartFrom<R>(left: TransactionFrame | undefined, fn: () => R): R {
  return left === undefined || frames.getStore() !== left ? fn() : frames.run(openAt(left), fn);
}

/**
 * Runs what must not see the caller's transaction, at no cost where there is none (rule 19).
 * @internal
 */
export function outsideFrames<R>(fn: () => R): R {
  return frames.getStore() === undefined ? fn() : frames.run(undefined, fn);
}

/**
 * The frame of calls that are made where a frame is opened in the context of `here`, and do not
 * belong to that one.
 * @internal
 */
export function nextAt(here: TransactionFrame | undefined): TransactionFrame | undefined {
  return leftover(here) ?? openAt(here);
}
