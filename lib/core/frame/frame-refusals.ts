import { FrameStateError } from '../../errors/frame-state.error.js';
import type { FrameState } from './frame-options.js';

/** A frame that refuses what it is asked for. */
interface Refusing {
  readonly name: string;
  readonly state: FrameState;
}

// The errors of a frame: what it was asked for, why its state does not allow that, what to do.

/** @param wish as `be committed` @internal */
export function endedBefore(frame: Refusing, wish: string, state: string): FrameStateError {
  return refusal(frame, `cannot ${wish}: it is ${state} already. A frame ends once.`);
}

/** @internal */
export function hasNoSavepoints(frame: Refusing): FrameStateError {
  return refusal(
    frame,
    'has no savepoints. Join it, or begin a transaction of its own instead of a nested one.',
  );
}

/** @internal */
export function hasOpenSavepoints(frame: Refusing, count: number): FrameStateError {
  return refusal(
    frame,
    `cannot be committed: ${count} savepoint(s) in it are still open. Await what runs in them before it ends.`,
  );
}

/**
 * @param wish as `take a savepoint`
 * @param innermost the frame of the same connection that has to end first
 * @internal
 */
export function outOfOrder(frame: Refusing, wish: string, innermost: Refusing): FrameStateError {
  return refusal(
    frame,
    `cannot ${wish}: "${innermost.name}", begun after it on the same connection, is still open. ` +
      'Await one savepoint before the next one begins (no `Promise.all`), and both before the transaction ends.',
  );
}

/** @internal */
export function isBesideAnother(frame: Refusing, effect: string): FrameStateError {
  return refusal(
    frame,
    `cannot take "${effect}": another savepoint has been open beside it on the same connection, so that it cannot be told whose statements ` +
      'a rollback undoes. Await one savepoint before the next one begins (no `Promise.all`), or call the effect outside them.',
  );
}

/** @internal */
export function waitsForNoWrites(frame: Refusing, effect: string): FrameStateError {
  return refusal(
    frame,
    `cannot take "${effect}": its executor writes just before COMMIT, and this transaction is synchronous, so that nothing can be ` +
      'awaited in it. It is rolled back. Pick another executor for the effect, or an asynchronous driver for the database.',
  );
}

/** @internal */
export function writesNoMore({ name, state }: Refusing): FrameStateError {
  return new FrameStateError(
    name,
    state,
    `Nothing can be written through "${name}": its transaction is completed.`,
  );
}

function refusal({ name, state }: Refusing, problem: string): FrameStateError {
  return new FrameStateError(name, state, `Frame "${name}" ${problem}`);
}
