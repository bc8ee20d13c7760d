import { DispatchError } from '../../errors/dispatch.error.js';
import { append } from '../model/append.js';
import { type Intent, stampOf } from '../model/intent.js';
import { FlushJournal } from '../model/report.js';
import type { Answer, Unanswered } from './pending-work.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Takes out of a queue what is not to hold up the answer (`dispatch: 'afterResponse'`); where
 * nobody waits for one, that is nothing.
 *
 * @returns the rest
 * @internal
 */
export function holdForAnswer(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): readonly Intent[] {
  if (!unit.buffer.hasPatient || queue.length === 0) return queue;
  const answer = answerOf(unit);
  if (answer === undefined || answer.isGiven) return queue;
  const intents = queue.filter(isPatient);
  if (intents.length === 0) return queue;
  append(journal.deferred, intents);
  const given = new Promise<void>((resolve) => answer.onceGiven(resolve));
  const rested = given.then(async () => {
    unit.unanswered.delete(held);
    const late = new FlushJournal();
    try {
      await unit.host.dispatch(unit, late, intents);
      unit.host.onSettled?.(unit, late);
      await raiseLate(unit, late);
    } catch (error) {
      unit.host.logError(error);
    }
    unit.rest();
  });
  const held: Unanswered = { intents, rested };
  unit.unanswered.add(held);
  return queue.filter((intent) => !isPatient(intent));
}

/** Tells of effects that failed after their scope had ended. @internal */
export async function raiseLate(unit: UnitOfWork, journal: FlushJournal): Promise<void> {
  if (journal.failed.length === 0) return;
  if (unit.onLateFailure === undefined)
    unit.host.logError(new DispatchError(journal.failed, unit.label));
  else await unit.onLateFailure(journal);
}

/**
 * A nested unit answers to the caller of the outermost; what an effect calls, to that of the unit
 * which let it out.
 */
function answerOf(unit: UnitOfWork): Answer | undefined {
  let at: UnitOfWork | undefined = unit;
  while (at !== undefined && at.answer === undefined) at = at.parent ?? at.level?.origin;
  return at?.answer;
}

function isPatient(intent: Intent): boolean {
  return stampOf(intent).options.dispatch === 'afterResponse';
}
