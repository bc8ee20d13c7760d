import { askPolicies, type AskPolicy, type PolicyRefusal } from '../scope/ask-policies.js';
import { type Context, contextOfEvaluation, contexts } from '../scope/context.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { freeze, type Intent, stampOf } from '../model/intent.js';
import type { Policy } from '../model/policy.js';
import { hasUnheard, raiseUnheard, reportUnheard } from '../model/refusal.js';

/**
 * Asks policies for one dispatch, each in a context of its own in which its calls of effects are
 * errors (rule 13).
 * @internal
 */
export class PolicyAsker {
  private readonly evaluations = new Map<Policy, Context>();

  /** @param flush identity of the flush, for policies that count per flush */
  constructor(
    private readonly unit: UnitOfWork,
    private readonly flush: object,
  ) {}

  /** Asks the policies on the intent's way, innermost first. @returns undefined if all allow it */
  ask(intent: Intent): PolicyRefusal | undefined | Promise<PolicyRefusal | undefined> {
    return askPolicies(stampOf(intent).path.gates, freeze(intent), this.askOne);
  }

  /**
   * To be called when the dispatch is over: refused calls that a policy makes later fail it no
   * more, and are logged.
   */
  close(): void {
    for (const { evaluation } of this.evaluations.values()) {
      evaluation!.isActive = false;
      // Calls that a policy made after its answer.
      if (hasUnheard(evaluation!)) void reportUnheard(evaluation!, this.unit.host);
    }
  }

  private readonly askOne: AskPolicy = (policy, intent) => {
    const context = this.contextOf(policy);
    const answer = contexts.run(context, () => policy.allows!(intent));
    if (typeof answer !== 'boolean') return this.heard(answer, context);
    raiseUnheard(context.evaluation!, this.unit.host);
    return answer;
  };

  private async heard(answer: Promise<boolean>, { evaluation }: Context): Promise<boolean> {
    const allows = await answer;
    raiseUnheard(evaluation!, this.unit.host);
    return allows;
  }

  private contextOf(policy: Policy): Context {
    let context = this.evaluations.get(policy);
    if (context === undefined) {
      context = contextOfEvaluation(this.unit, { policy, flush: this.flush, isActive: true });
      this.evaluations.set(policy, context);
    }
    return context;
  }
}
