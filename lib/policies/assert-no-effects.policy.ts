import type { Policy } from '../core/model/policy.js';
import type { Intent } from '../core/model/intent.js';
import { PolicyViolationError } from '../errors/policy-violation.error.js';

/**
 * Refuses every effect at its call, where the stack shows who made it.
 *
 * @example
 * ```ts
 * // A report that reads only: an effect in it is a mistake.
 * await runInScope({ policy: AssertNoEffects }, () => orders.list());
 * ```
 *
 * @throws PolicyViolationError at the call
 * @publicApi
 */
export class AssertNoEffects implements Policy {
  onEnqueue(intent: Intent): void {
    throw new PolicyViolationError('AssertNoEffects', intent.name, intent.origin);
  }
}
