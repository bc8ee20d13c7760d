import type { Policy, PolicyLink, PolicyPath } from '../model/policy.js';
import { askPolicies, type PolicyRefusal } from './ask-policies.js';
import type { Intent } from '../model/intent.js';

/**
 * Number of links that are searched for a policy. One that is put around again and again stands
 * near the front, and to search all would cost more with each link.
 */
const NEAR = 32;

/**
 * The policies an intent must pass, innermost first. Immutable; a narrower chain is built in front
 * of it and shares the rest, so that deep nesting, or a timer that starts itself anew, costs no
 * more. A policy that stands near the front is not put there again: it would only be asked twice.
 *
 * @internal
 */
export class PolicyChain implements PolicyPath {
  static readonly empty = new PolicyChain(undefined, undefined, undefined, undefined);

  private constructor(
    private readonly all: PolicyLink | undefined,
    private readonly locals: PolicyLink | undefined,
    readonly watchers: PolicyLink | undefined,
    readonly gates: PolicyLink | undefined,
  ) {}

  static of(policies: readonly Policy[]): PolicyChain {
    return PolicyChain.empty.inside(policies);
  }

  get policies(): readonly Policy[] {
    const policies: Policy[] = [];
    for (let at = this.all; at !== undefined; at = at.next) policies.push(at.policy);
    return Object.freeze(policies);
  }

  get passed(): PolicyChain {
    const { all, locals, watchers, gates } = this;
    return gates === undefined ? this : new PolicyChain(all, locals, watchers, undefined);
  }

  /** This chain with the policies of an inner scope in front of it. */
  inside(policies: readonly Policy[]): PolicyChain {
    return this.behind(policies, this.locals);
  }

  /** This chain with local policies in front of it. */
  locally(policies: readonly Policy[]): PolicyChain {
    let { locals } = this;
    for (let i = policies.length - 1; i >= 0; i--) locals = linked(policies[i]!, locals);
    return this.behind(policies, locals);
  }

  passesLocal(intent: Intent): boolean | Promise<boolean> {
    const refusal = askPolicies(this.locals, intent);
    return refusal instanceof Promise ? refusal.then(passes) : passes(refusal);
  }

  private behind(policies: readonly Policy[], locals: PolicyLink | undefined): PolicyChain {
    let { all, watchers, gates } = this;
    for (let i = policies.length - 1; i >= 0; i--) {
      const policy = policies[i]!;
      const before = all;
      all = linked(policy, all);
      if (all === before) continue;
      if (policy.onEnqueue !== undefined) watchers = { policy, next: watchers };
      if (policy.allows !== undefined) gates = { policy, next: gates };
    }
    return all === this.all && locals === this.locals
      ? this
      : new PolicyChain(all, locals, watchers, gates);
  }
}

/** Puts a policy in front of a list; the same list if it is among the first already. */
function linked(policy: Policy, list: PolicyLink | undefined): PolicyLink {
  let at = list;
  for (let i = 0; i < NEAR && at !== undefined; i++, at = at.next)
    if (at.policy === policy) return list!;
  return { policy, next: list };
}

/** @throws what a policy threw */
function passes(refusal: PolicyRefusal | undefined): boolean {
  if (refusal?.end === 'failed') throw refusal.error;
  return refusal === undefined;
}
