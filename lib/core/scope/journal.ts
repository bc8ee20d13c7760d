import { isHeard, type MessageHost, publish } from '../model/diagnostics.js';
import type { Policy } from '../model/policy.js';
import type { Intent } from '../model/intent.js';
import type { DropReason, FlushJournal } from '../model/report.js';
import type { PolicyRefusal } from './ask-policies.js';
import type { UnitOfWork } from './unit-of-work.js';

// The one place where the end of an intent is written into the journal of its flush and published
// (rule 26).

/** Records that an executor has run an intent without an error. @internal */
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

/**
 * An intent that was written in a transaction: it ends with that, and is published then.
 * @internal
 */
export interface WrittenIntent {
  readonly intent: Intent;
  readonly durationMs?: number;
}

/** Records the end of a written intent whose transaction has committed. @internal */
export function recordCommitted(
  unit: UnitOfWork,
  journal: FlushJournal,
  { intent, ...took }: WrittenIntent,
): void {
  journal.dispatched.push(intent);
  if (isHeard.dispatch(unit.host))
    publish(unit.host, 'dispatch', { scope: unit.view, intent, ...took });
}

/**
 * Records an intent whose failed write, published already, has rolled its transaction back.
 * @internal
 */
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

/** Records an intent that its policies did not let out. @internal */
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

/** Records an intent whose policy threw (rule 14). */
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

/** Records an intent that was thrown away. @internal */
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

/** True if a listener is told how long effects take. @internal */
export function isTimed(host: MessageHost): boolean {
  return isHeard.dispatch(host) || isHeard.fail(host);
}

/** @internal */
export function durationSince(startedAt: number): { durationMs?: number } {
  return startedAt === 0 ? {} : { durationMs: performance.now() - startedAt };
}
