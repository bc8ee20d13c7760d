import type { Intent } from '../model/intent.js';
import type { Policy, PolicyLink } from '../model/policy.js';

/** A policy's refusal to let an intent out: it said no, or threw (rules 11 and 14). @internal */
export type PolicyRefusal =
  | { readonly end: 'dropped'; readonly policy: Policy }
  | { readonly end: 'failed'; readonly policy: Policy; readonly error: unknown };

/** Runs one policy. Whoever asks decides in which context. @internal */
export type AskPolicy = (policy: Policy, intent: Intent) => boolean | Promise<boolean>;

/**
 * Asks the policies on an intent's way one after another, until one does not allow it. The one
 * place that judges answers of policies. Synchronous as long as the policies are.
 *
 * @param from the first to be asked
 * @returns undefined if all allow it
 * @internal
 */
export function askPolicies(
  from: PolicyLink | undefined,
  intent: Intent,
  ask: AskPolicy = plainly,
): PolicyRefusal | undefined | Promise<PolicyRefusal | undefined> {
  for (let at = from; at !== undefined; at = at.next) {
    const { policy } = at;
    let answer: boolean | Promise<boolean>;
    try {
      answer = ask(policy, intent);
    } catch (error) {
      return { end: 'failed', policy, error };
    }
    if (answer === false) return { end: 'dropped', policy };
    if (answer !== true) return askOn(answer, at, intent, ask);
  }
  return undefined;
}

async function askOn(
  answer: Promise<boolean>,
  { policy, next }: PolicyLink,
  intent: Intent,
  ask: AskPolicy,
): Promise<PolicyRefusal | undefined> {
  try {
    if (!(await answer)) return { end: 'dropped', policy };
  } catch (error) {
    return { end: 'failed', policy, error };
  }
  return next && askPolicies(next, intent, ask);
}

function plainly(policy: Policy, intent: Intent): boolean | Promise<boolean> {
  return policy.allows?.(intent) ?? true;
}
