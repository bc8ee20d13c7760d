import type { Intent } from './intent.js';

/**
 * Decides *whether* an intent gets out. Policies only narrow: every one on an intent's way must
 * allow it.
 *
 * @publicApi
 */
export interface Policy {
  /**
   * Runs at the call, in the caller's stack. Throwing refuses the call: nothing is buffered and the
   * caller sees the error.
   */
  onEnqueue?(intent: Intent): void;
  /**
   * Runs at the flush. `false` drops the intent; throwing drops it too and reports it as failed.
   * @default true
   */
  allows?(intent: Intent): boolean | Promise<boolean>;
  /**
   * The effects it singles out, by reference or name, if it has such a list. The boot warns of a
   * name that no effect of the application has: a policy with a typing error would let everything
   * pass in silence.
   */
  readonly namedEffects?: Iterable<string | ((...args: never[]) => unknown)>;
}

/**
 * A policy, or a class that Nest resolves like a guard: the provider of it as seen from the module
 * it stands in, else any provider, else built there with its dependencies. Without Nest it is built
 * with no arguments.
 *
 * @publicApi
 */
export type PolicyRef = Policy | (new (...args: never[]) => Policy);

/** A policy's name for messages: its class, as in `BlockTasks`. @internal */
export function policyName(policy: object): string {
  return policy.constructor?.name || 'policy';
}

/** A link of a list that grows at its front and shares the rest with shorter ones. @internal */
export interface PolicyLink {
  readonly policy: Policy;
  readonly next: PolicyLink | undefined;
}

/** The policies on an intent's way. @internal */
export interface PolicyPath {
  /** Innermost first; a new array each time. */
  readonly policies: readonly Policy[];
  /** Policies that have `onEnqueue`. */
  readonly watchers: PolicyLink | undefined;
  /** Policies that have `allows`. */
  readonly gates: PolicyLink | undefined;
  /** The same path without its gates, for an intent that has passed them. */
  readonly passed: PolicyPath;
  passesLocal(intent: Intent): boolean | Promise<boolean>;
}
