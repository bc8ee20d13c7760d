import { contexts } from '../scope/context.js';

/** A frame as code outside of it sees it. */
interface Surrounding<F> {
  readonly parent: F | undefined;
  /** The frame that it lies in on its connection: its parent, or the transaction around a test. */
  readonly below: F | undefined;
  readonly owner: { readonly isOutside: boolean };
  /** The names of effects that code outside of it has called since it was taken. */
  calledOutside: Set<string> | undefined;
}

/**
 * Notes a call with each savepoint, from `frame` outwards, that its caller does not run in: a
 * rollback of the savepoint undoes what that caller has done.
 *
 * @param caller the frame that the caller runs in, if any
 * @internal
 */
export function noteCallOutside<F extends Surrounding<F>>(
  frame: F,
  caller: F | undefined,
  effect: string,
): void {
  for (let at = frame; at.parent !== undefined && !liesIn(caller, at); at = at.parent) {
    // One that a statement has taken holds what all code calls, as that may be in a helper.
    if (!at.owner.isOutside) (at.calledOutside ??= new Set()).add(effect);
  }
}

function liesIn<F extends Surrounding<F>>(frame: F | undefined, outer: F): boolean {
  let at = frame;
  while (at !== undefined && at !== outer) at = at.below;
  return at !== undefined;
}

/**
 * Says that the rollback of a savepoint has undone what code outside of it has done meanwhile.
 *
 * @param effects the names of those that code called
 * @internal
 */
export function warnOfUndone(savepoint: string, effects: ReadonlySet<string>): void {
  contexts
    .getStore()
    ?.host.warn(
      `The rollback of "${savepoint}" has undone all that was sent on its connection while it was open. Code outside of it called ` +
        `${[...effects].join(', ')} meanwhile, which is dropped with it. Await the savepoint before that code goes on (no \`Promise.all\`).`,
    );
}
