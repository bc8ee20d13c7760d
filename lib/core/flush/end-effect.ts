import { holdBack } from '../frame/held-intents.js';
import { leaveOpenTransactions } from '../frame/open-transactions.js';
import type { Intent } from '../model/intent.js';
import { takeUnheard } from '../model/refusal.js';
import type { FlushJournal } from '../model/report.js';
import { holdForAnswer } from '../scope/hold-for-answer.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { decide, dropByOutcome } from './outcome.js';

/**
 * Ends the unit that an effect's own calls went into (rule 19).
 *
 * @returns the intents that go out right after the effect; the others are dropped, or wait
 * @internal
 */
export function endEffect(
  unit: UnitOfWork,
  journal: FlushJournal,
  outcome: 'completed' | 'failed',
): readonly Intent[] {
  unit.close('the end of the effect');
  const intents = unit.buffer.take();
  const decision = decide(unit, outcome);
  unit.end(decision);
  for (const error of takeUnheard(unit)) unit.host.logError(error);
  leaveOpenTransactions(unit, undefined);
  const free = holdBack(unit, journal, dropByOutcome(unit, journal, intents, decision));
  const prompt = holdForAnswer(unit, journal, free);
  // A shutdown waits for the commit or the answer that the others wait for.
  if (!unit.isAtRest) unit.host.running.unitOpened(unit);
  return prompt;
}
