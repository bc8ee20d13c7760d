import { DispatchError } from '../../errors/dispatch.error.js';
import type { FlushJournal } from '../model/report.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Raises what failed after its scope had ended: as the scope's opener wants, or to the log.
 * @internal
 */
export async function raiseLateFailures(unit: UnitOfWork, journal: FlushJournal): Promise<void> {
  if (journal.failed.length === 0) return;
  if (unit.onLateFailure === undefined)
    unit.host.logError(new DispatchError(journal.failed, unit.label));
  else await unit.onLateFailure(journal);
}
