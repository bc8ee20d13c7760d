import { FrameStateError } from '../../errors/frame-state.error.js';
import type { Context } from '../scope/context.js';
import type { TransactionFrame } from './transaction-frame.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/**
 * Leaves the transactions that are still open when a unit ends to the code around it, and logs
 * them.
 *
 * @param outer the context in which the unit was opened
 * @internal
 */
export function leaveOpenTransactions(unit: UnitOfWork, outer: Context | undefined): void {
  if (unit.openTransactions === undefined || unit.openTransactions.size === 0) return;
  const consequence =
    unit.state === 'flushed'
      ? 'effects called in it so far wait for its commit'
      : `the scope is ${unit.outcome}, so of the effects called in it so far only those for that outcome (\`on\`) wait for its commit, and the others are dropped`;
  for (const transaction of unit.openTransactions) {
    const { name, whole } = transaction as TransactionFrame;
    if (outer?.opened !== undefined) whole.beside?.goOnIn(outer);
    unit.host.logError(
      new FrameStateError(
        name,
        'open',
        `Scope "${unit.label}" ended while "${name}", begun in it, is still open: ${consequence}; calls from now on come too late (\`lateCalls\`). ` +
          'Await the transaction, or commit or roll it back, before the scope ends.',
      ),
    );
  }
}
