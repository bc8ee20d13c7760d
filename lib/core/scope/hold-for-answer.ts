import { append } from '../model/append.js';
import { type Intent, stampOf } from '../model/intent.js';
import { FlushJournal } from '../model/report.js';
import { raiseLateFailures } from './late-failures.js';
import type { Answer, Unanswered } from './pending-work.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Takes out of a queue the intents that are not to hold up the answer (`dispatch:
 * 'afterResponse'`), and dispatches them once it is given. Takes none if nobody waits for an
 * answer.
 *
 * @returns the others
 * @internal
 */
export function holdForAnswer(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): readonly Intent[] {
  if (!unit.buffer.hasAfterResponse || queue.length === 0) return queue;
  const answer = answerOf(unit);
  if (answer === undefined || answer.isGiven) return queue;
  const intents = queue.filter(isAfterResponse);
  if (intents.length === 0) return queue;
  append(journal.deferred, intents);
  const answered = new Promise<void>((resolve) => answer.onceGiven(resolve));
  const ended = answered.then(async () => {
    unit.unanswered.delete(held);
    const late = new FlushJournal();
    try {
      await unit.host.dispatch(unit, late, intents);
      unit.host.onSettled?.(unit, late);
      await raiseLateFailures(unit, late);
    } catch (error) {
      unit.host.logError(error);
    }
    unit.tellIfAtRest();
  });
  const held: Unanswered = { intents, ended };
  unit.unanswered.add(held);
  return queue.filter((intent) => !isAfterResponse(intent));
}

/**
 * The answer that a unit may hold up. For a nested unit it is the answer of the outermost one, for
 * the unit of an effect that of the unit which let the effect out.
 */
function answerOf(unit: UnitOfWork): Answer | undefined {
  let at: UnitOfWork | undefined = unit;
  while (at !== undefined && at.answer === undefined) at = at.parent ?? at.level?.origin;
  return at?.answer;
}

function isAfterResponse(intent: Intent): boolean {
  return stampOf(intent).options.dispatch === 'afterResponse';
}
