import { FrameStateError } from '../../errors/frame-state.error.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/**
 * Logs the transactions that a unit which has just ended leaves open, and what happens to effects
 * called in them.
 * @internal
 */
export function reportOpenTransactions(unit: UnitOfWork): void {
  if (unit.openTransactions === undefined || unit.openTransactions.size === 0) return;
  const consequence =
    unit.state === 'flushed'
      ? 'effects called in it so far wait for its commit'
      : `the scope is ${unit.outcome}, so of the effects called in it so far only those for that outcome (\`on\`) wait for its commit, and the others are dropped`;
  for (const { name } of unit.openTransactions) {
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
