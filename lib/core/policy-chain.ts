import type { Intent, Policy, PolicyPath } from './intent.js';

/**
 * The policies an intent must pass, innermost first. Immutable; narrower paths are built in front of it, so that
 * entering a scope or a `withPolicy` block never looks at a policy twice.
 *
 * @internal
 */
export class PolicyChain implements PolicyPath {
  static readonly empty = new PolicyChain([], []);

  readonly watchers: readonly Policy[];
  readonly gates: readonly Policy[];

  private constructor(
    readonly policies: readonly Policy[],
    private readonly locals: readonly Policy[],
  ) {
    Object.freeze(policies);
    this.watchers = policies.filter((policy) => policy.onEnqueue !== undefined);
    this.gates = policies.filter((policy) => policy.allows !== undefined);
  }

  static of(policies: readonly Policy[]): PolicyChain {
    return PolicyChain.empty.inside(policies);
  }

  /** This chain with the policies of an inner scope in front of it. */
  inside(policies: readonly Policy[]): PolicyChain {
    return policies.length === 0 ? this : new PolicyChain([...policies, ...this.policies], this.locals);
  }

  /** This chain with local policies in front of it. */
  locally(policies: readonly Policy[]): PolicyChain {
    return policies.length === 0
      ? this
      : new PolicyChain([...policies, ...this.policies], [...policies, ...this.locals]);
  }

  passesLocal(intent: Intent): boolean | Promise<boolean> {
    return everyAllows(this.locals, intent);
  }
}

function everyAllows(policies: readonly Policy[], intent: Intent, from = 0): boolean | Promise<boolean> {
  for (let i = from; i < policies.length; i++) {
    const verdict = policies[i]!.allows?.(intent) ?? true;
    if (typeof verdict !== 'boolean') return verdict.then((allowed) => allowed && everyAllows(policies, intent, i + 1));
    if (!verdict) return false;
  }
  return true;
}
