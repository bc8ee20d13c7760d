import { wasCalledInFailure } from '../scope/attempt.js';
import { recordDropped } from '../scope/journal.js';
import type { Decision, Outcome } from '../model/scope-view.js';
import { type Intent, restamped, stampOf } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

// All that an outcome means for an intent (rule 8), for every way in which a scope ends.

/** Decides how a unit ends; its opener's `shouldFlush` is asked. @internal */
export function decide(unit: UnitOfWork, outcome: Outcome): Decision {
  const asked = unit.hooks?.shouldFlush?.(outcome, unit);
  return {
    outcome,
    flushes:
      asked ?? (outcome === 'completed' || (outcome === 'cancelled' && unit.host.flushesOnCancel)),
  };
}

/** The decision that an ended unit was ended with. @internal */
export function decisionOf({ outcome, state }: UnitOfWork): Decision {
  return { outcome: outcome!, flushes: state === 'flushed' };
}

/**
 * The decision about a unit whose ancestors have all ended: that of its parent, or of an ancestor
 * that was discarded (rule 17).
 * @internal
 */
export function decisionAbove({ parent }: UnitOfWork): Decision {
  let ancestor = parent;
  while (ancestor !== undefined && ancestor.state !== 'discarded') ancestor = ancestor.parent;
  return decisionOf(ancestor ?? parent!);
}

/**
 * Drops the intents that the outcome of a unit does not let out. Called for a unit that no other
 * decides about. Calls of a failed invocation count as calls of a failed unit, even if an
 * interceptor has answered in its place.
 *
 * @returns the others
 * @internal
 */
export function dropByOutcome(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  { outcome, flushes }: Decision,
): readonly Intent[] {
  if (!unit.buffer.hasTriggers && flushes && !unit.top.hasFailedAttempts) return intents;
  const goes = { success: flushes, failure: outcome === 'failed', always: true };
  const goesAfterFailure = { success: false, failure: true, always: true };
  return intents.filter((intent) => {
    const hasFailed = outcome === 'completed' && wasCalledInFailure(intent);
    if ((hasFailed ? goesAfterFailure : goes)[stampOf(intent).on]) return true;
    recordDropped(unit, journal, intent, 'outcome');
    return false;
  });
}

/**
 * Drops the intents that a nested unit does not hand to its parent. Intents whose outcome has come
 * become ordinary intents of the parent. If the unit has completed, its intents for failure wait
 * for the outcome of the parent.
 *
 * @returns the intents for the parent
 * @internal
 */
export function handOver(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  { outcome, flushes }: Decision,
): readonly Intent[] {
  if (!unit.buffer.hasTriggers && flushes) return intents;
  return intents.flatMap((intent) => {
    const { on } = stampOf(intent);
    if (on === 'success' ? flushes : outcome === 'completed') return [intent];
    if (on === 'always' || (on === 'failure' && outcome === 'failed')) return [asOrdinary(intent)];
    recordDropped(unit, journal, intent, 'outcome');
    return [];
  });
}

/**
 * True for an intent that may go out before the outcome is known, at a checkpoint or by
 * `beforeDescendantFlushes`.
 * @internal
 */
export function mayGoEarly(intent: Intent): boolean {
  return stampOf(intent).on !== 'failure';
}

/** The same intent, now for success, whatever its outcome was before. */
function asOrdinary(intent: Intent): Intent {
  return restamped(intent, { ...stampOf(intent), on: 'success' });
}
