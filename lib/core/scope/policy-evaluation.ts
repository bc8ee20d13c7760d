import { type Context, type PolicyEvaluation, ScopeContext } from './context.js';
import { PolicyChain } from './policy-chain.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * The context in which a policy is asked: of no scope, and with a mark that makes its calls of
 * effects errors.
 * @internal
 */
export function contextOfEvaluation(unit: UnitOfWork, evaluation: PolicyEvaluation): Context {
  return new ScopeContext(unit.host, undefined, PolicyChain.empty, undefined, evaluation);
}

/** A policy's name for messages: its class, as in `BlockTasks`. @internal */
export function policyName(policy: object): string {
  return policy.constructor?.name || 'policy';
}
