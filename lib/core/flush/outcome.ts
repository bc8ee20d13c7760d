import { recordDropped } from '../scope/journal.js';
import type { Outcome } from '../model/scope-view.js';
import { type Intent, stampOf } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/** How a unit ends: its outcome, and whether its ordinary intents get out. @internal */
export interface Decision {
  readonly outcome: Outcome;
  readonly flushes: boolean;
}

/** What the outcome means for a unit, its opener's `shouldFlush` asked (rule 8). @internal */
export function decide(unit: UnitOfWork, outcome: Outcome): Decision {
  const asked = unit.hooks?.shouldFlush?.(outcome, unit);
  return {
    outcome,
    flushes: asked ?? (outcome === 'completed' || (outcome === 'cancelled' && unit.host.flushesOnCancel)),
  };
}

/** Rule 8 for an outermost unit: what goes out; the rest is dropped. @internal */
export function dropByOutcome(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  { outcome, flushes }: Decision,
): readonly Intent[] {
  if (!unit.hasTriggers && flushes) return intents;
  const goes = { success: flushes, failure: outcome === 'failed', always: true };
  return intents.filter(
    (intent) => goes[stampOf(intent).on] || (recordDropped(unit, journal, intent, 'outcome'), false),
  );
}
