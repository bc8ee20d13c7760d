import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { LatentScope } from '../../../core/latent-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { HandlerPlan } from '../../boundaries/boundary.js';
import { MessageBoundary } from '../../boundaries/message.boundary.js';
import type { Candidate } from '../../container/candidate.js';
import { Acknowledgement, acknowledgesItself } from './acknowledgement.js';
import {
  connectionHooksOf,
  coverConnectionHook,
  HookRefusals,
  type PlanOf,
} from './connection-hooks.js';

/**
 * A scope per message, and per client that comes or leaves. If the handler acknowledges its message
 * itself, the scope ends with that, since the work may go on in callbacks until then.
 *
 * @internal
 */
export class WsBoundary extends MessageBoundary {
  private readonly refusals = new HookRefusals(this.runtime);
  private isReady = false;

  coverGateway(gateway: object, candidate: Candidate): void {
    const { runtime, onDispatchError: how, refusals } = this;
    const planOf: PlanOf = (...handler) => this.planOf(...handler);
    for (const key of connectionHooksOf(candidate))
      coverConnectionHook(gateway, candidate.type, key, { runtime, planOf, how, refusals });
  }

  ready(): void {
    this.isReady = true;
  }

  override around(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.planOf(context.getClass(), context.getHandler()) === undefined
      ? next.handle()
      : super.around(context, next);
  }

  /**
   * Undefined where policies are not built yet, so that no scope can be opened: a gateway with a port
   * of its own takes clients before modules are initialised.
   */
  private planOf(...handler: Parameters<PlanOf>): HandlerPlan | undefined {
    try {
      // Has the policies of the application.
      void this.runtime.root;
      return this.plans.of(...handler);
    } catch (error) {
      if (this.isReady) throw error;
    }
  }

  protected override ending(
    context: ExecutionContext,
    scope: LatentScope,
  ): (outcome: Outcome, answer: unknown) => void | Promise<void> {
    const end = super.ending(context, scope);
    if (!acknowledgesItself(context.getClass(), context.getHandler())) return end;
    // Changed in place: Nest hands the elements of this array to the handler after the
    // interceptors.
    const args: unknown[] = context.getArgs();
    const at = args.findIndex((arg) => typeof arg === 'function');
    // The client waits for no acknowledgement.
    if (at < 0) return end;
    const acknowledgement = new Acknowledgement(args, at, context.switchToWs().getClient());
    return (outcome, answer) => {
      // Nest acknowledges with what a handler without `@Ack()` returns.
      const isAnswered = acknowledgement.isGiven || (answer ?? undefined) !== undefined;
      if (outcome !== 'completed' || isAnswered) return end(outcome);
      acknowledgement.whenOver(
        (known) => void this.endLate(scope, known, 'the acknowledgement of its message'),
      );
    };
  }
}
