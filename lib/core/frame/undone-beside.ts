import { contexts } from '../scope/context.js';

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
