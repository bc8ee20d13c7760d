import { DispatchError } from '../../errors/dispatch.error.js';
import type { Context } from '../scope/context.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { decide } from './outcome.js';
import { settle } from './settle.js';
import { hasUnheard, raiseUnheard, takeUnheard } from '../model/refusal.js';
import type { FlushReport } from '../model/report.js';
import type { Decision, Outcome } from '../model/scope-view.js';

type Ending = FlushReport | Promise<FlushReport>;

const FLUSH: Decision = { outcome: 'completed', flushes: true };

/** The decision about a scope whose `shouldFlush` threw. */
const UNDECIDED: Decision = { outcome: 'failed', flushes: false };

/**
 * Ends a closed unit so that its ordinary intents get out; `shouldFlush` is not asked.
 * @internal
 */
export function flushUnit(unit: UnitOfWork, outer: Context | undefined): Ending {
  return endOnce(unit, outer, 'completed', () => settle(unit, FLUSH, outer));
}

/**
 * Ends a closed unit as its outcome says; as failed, if a call in it was refused and nobody listens
 * to that.
 *
 * @param onHookFailure told what `shouldFlush` throws. @default it is thrown
 * @internal
 */
export function endUnit(
  unit: UnitOfWork,
  outcome: Outcome,
  outer: Context | undefined,
  onHookFailure?: (error: unknown) => void,
): Ending {
  return endOnce(unit, outer, outcome, () => endAs(unit, outcome, outer, onHookFailure));
}

function endOnce(
  unit: UnitOfWork,
  outer: Context | undefined,
  outcome: Outcome,
  end: () => Ending,
): Ending {
  if (unit.ending !== undefined) return unit.ending;
  return hasUnheard(unit) ? (unit.ending = endOnceHeard(unit, outer, outcome, end)) : end();
}

async function endOnceHeard(
  unit: UnitOfWork,
  outer: Context | undefined,
  outcome: Outcome,
  end: () => Ending,
): Promise<FlushReport> {
  // `await` listens one turn later.
  await Promise.resolve();
  if (outcome === 'completed') {
    try {
      raiseUnheard(unit, unit.host);
    } catch (error) {
      return failWith(error, unit, () => endAs(unit, 'failed', outer));
    }
  }
  // The work has failed by itself, and its own error wins.
  for (const error of takeUnheard(unit)) unit.host.logError(error);
  return end();
}

function endAs(
  unit: UnitOfWork,
  outcome: Outcome,
  outer: Context | undefined,
  onHookFailure?: (error: unknown) => void,
): Ending {
  let decision: Decision;
  try {
    decision = decide(unit, outcome);
  } catch (error) {
    // The hook has not decided: nothing ordinary gets out on a guess.
    if (onHookFailure === undefined)
      return failWith(error, unit, () => settle(unit, UNDECIDED, outer));
    onHookFailure(error);
    decision = UNDECIDED;
  }
  return settle(unit, decision, outer);
}

/** Ends the unit, and fails with an error all the same; effects that fail meanwhile are logged. */
async function failWith(error: unknown, unit: UnitOfWork, end: () => Ending): Promise<never> {
  const { failed } = await end();
  if (failed.length > 0) unit.host.logError(new DispatchError(failed, unit.label));
  throw error;
}
