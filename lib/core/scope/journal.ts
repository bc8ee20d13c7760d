import { isHeard, type MessageHost, publish } from '../model/diagnostics.js';
import type { Policy } from '../model/policy.js';
import type { Intent } from '../model/intent.js';
import type { DropReason, FlushJournal } from '../model/report.js';
import type { PolicyRefusal } from './ask-policies.js';
import type { UnitOfWork } from './unit-of-work.js';

// The end of an intent is written into the journal of its flush and published, here and nowhere
// else (rule 26).

/** Handed to its executor without an error. @internal */
export function recordDispatched(
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
  startedAt: number,
): void {
  journal.dispatched.push(intent);
  if (isHeard.dispatch(unit.host)) {
    publish(unit.host, 'dispatch', { scope: unit.view, intent, ...durationSince(startedAt) });
  }
}

/** Written in a transaction, whose end is its own: nothing is published before that. @internal */
export interface WrittenIntent {
  readonly intent: Intent;
  readonly durationMs?: number;
}

/** Its transaction has committed. @internal */
export function recordCommitted(
  unit: UnitOfWork,
  journal: FlushJournal,
  { intent, ...took }: WrittenIntent,
): void {
  journal.dispatched.push(intent);
  if (isHeard.dispatch(unit.host))
    publish(unit.host, 'dispatch', { scope: unit.view, intent, ...took });
}

/** Its write failed, which was published, and with it its transaction. @internal */
export function recordUnwritten(journal: FlushJournal, intent: Intent): void {
  journal.dropped.push({ intent, reason: 'rollback' });
}

/** @internal */
export function recordFailed(
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
  error: unknown,
  startedAt: number,
): void {
  journal.failed.push({ intent, error });
  if (isHeard.fail(unit.host))
    publish(unit.host, 'fail', { scope: unit.view, intent, error, ...durationSince(startedAt) });
}

/** Not let out by its policies. @internal */
export function recordRefusal(
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
  refusal: PolicyRefusal,
): void {
  switch (refusal.end) {
    case 'dropped':
      return recordDropped(unit, journal, intent, 'policy', refusal.policy);
    case 'failed':
      return recordPolicyError(unit, journal, intent, refusal.error, refusal.policy);
    default:
      refusal satisfies never;
  }
}

/** Not let out, since its policy threw (rule 14). */
function recordPolicyError(
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
  error: unknown,
  policy: Policy,
): void {
  journal.failed.push({ intent, error, policy });
  if (isHeard.fail(unit.host))
    publish(unit.host, 'fail', { scope: unit.view, intent, error, policy });
}

/** Thrown away. @internal */
export function recordDropped(
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
  reason: DropReason,
  policy?: Policy,
): void {
  journal.dropped.push({ intent, reason, ...(policy && { policy }) });
  if (isHeard.drop(unit.host))
    publish(unit.host, 'drop', { scope: unit.view, intent, reason, ...(policy && { policy }) });
}

/** True if somebody listens who is told how long effects take. @internal */
export function isTimed(host: MessageHost): boolean {
  return isHeard.dispatch(host) || isHeard.fail(host);
}

/** @internal */
export function durationSince(startedAt: number): { durationMs?: number } {
  return startedAt === 0 ? {} : { durationMs: performance.now() - startedAt };
}
