import type { DroppedIntent, DropReason } from '../../core/model/report.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { checkOptions, expectThat, isRecord, oneOf } from '../../nest/options/option-checks.js';
import type { ExpectedDrop } from './matcher-types.js';

const REASONS: Readonly<Record<DropReason, true>> = {
  policy: true,
  outcome: true,
  rollback: true,
  duplicate: true,
  discarded: true,
  failFast: true,
  outsideScope: true,
  retry: true,
  late: true,
};

const KNOWN = {
  args: expectThat('an array of all arguments', Array.isArray),
  reason: oneOf(...Object.keys(REASONS)),
  policy: expectThat(
    'a policy, its class or the name of that',
    (value) =>
      isRecord(value) || typeof value === 'function' || (typeof value === 'string' && value !== ''),
  ),
};

/**
 * @throws AirlockOptionsError for what is no such object, or has a key that would be overlooked
 *   @internal
 */
export function assertExpectedDrop(drop: unknown): asserts drop is ExpectedDrop {
  if (!isRecord(drop)) {
    throw AirlockOptionsError.expected(
      'drop',
      'an object',
      drop,
      'Arguments go into it, as `{ args: [7] }`.',
    );
  }
  checkOptions(drop, KNOWN, 'drop.');
}

/** Tells whether a drop has the expected reason and policy. @internal */
export function isSuchDrop({ reason, policy }: DroppedIntent, expected: ExpectedDrop): boolean {
  if (expected.reason !== undefined && reason !== expected.reason) return false;
  if (expected.policy === undefined) return true;
  if (policy === undefined) return false;
  if (typeof expected.policy === 'string') return policy.constructor.name === expected.policy;
  return typeof expected.policy === 'function'
    ? policy instanceof expected.policy
    : policy === expected.policy;
}

/** `dropped`, `dropped: rollback`, `dropped: policy (BlockTasks)`. @internal */
export function expectedDropText({ reason, policy }: ExpectedDrop): string {
  const by = policy === undefined ? '' : ` (${policyText(policy)})`;
  return `dropped${reason === undefined && by === '' ? '' : `: ${reason ?? 'policy'}${by}`}`;
}

function policyText(policy: NonNullable<ExpectedDrop['policy']>): string {
  if (typeof policy === 'string') return policy;
  return typeof policy === 'function' ? policy.name : policy.constructor.name;
}
