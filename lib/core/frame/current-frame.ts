import { leftover, openAt } from './frames-around.js';
import { frames, type TransactionFrame } from './transaction-frame.js';

// The transaction that code runs in, or whose leftover context it runs in.

/**
 * The frame that an effect called here is stamped with: the innermost that is open, or was rolled
 * back.
 * @internal
 */
export function currentFrame(): TransactionFrame | undefined {
  let frame = frames.getStore();
  while (frame !== undefined && !frame.takesCalls) frame = frame.next;
  return frame?.frameOfCalls;
}

/** The rolled back frame whose context the code still has, if any (rule 21). @internal */
export function leftBehindIn(): TransactionFrame | undefined {
  const here = frames.getStore();
  return leftover(here) === undefined ? undefined : here;
}

/** Runs `fn` outside a rolled back frame, for work that begins anew in its context. @internal */
export function apartFrom<R>(left: TransactionFrame | undefined, fn: () => R): R {
  return left === undefined || frames.getStore() !== left ? fn() : frames.run(openAt(left), fn);
}

/**
 * Runs `fn` outside the caller's transaction, at no cost if there is none (rule 19).
 * @internal
 */
export function outsideFrames<R>(fn: () => R): R {
  return frames.getStore() === undefined ? fn() : frames.run(undefined, fn);
}

/**
 * The frame that takes the calls which a frame opened in the context of `here` does not take.
 * @internal
 */
export function nextAt(here: TransactionFrame | undefined): TransactionFrame | undefined {
  return leftover(here) ?? openAt(here);
}
