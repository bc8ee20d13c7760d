import type { ExecutionContext } from '@nestjs/common';
import type { LatentScope } from '../../../core/latent-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import { MessageBoundary } from '../../boundaries/message.boundary.js';
import type { Candidate } from '../../container/candidate.js';
import { Acknowledgement, acknowledgesItself } from './acknowledgement.js';
import { connectionHooksOf, coverConnectionHook, HookRefusals } from './connection-hooks.js';

/**
 * A scope per message, and per client that comes or leaves. If the handler acknowledges its message
 * itself, the scope ends with that, since the work may go on in callbacks until then.
 *
 * @internal
 */
export class WsBoundary extends MessageBoundary {
  private readonly refusals = new HookRefusals(this.runtime);

  coverGateway(gateway: object, candidate: Candidate): void {
    const { runtime, plans, onDispatchError: how, refusals } = this;
    for (const key of connectionHooksOf(candidate))
      coverConnectionHook(gateway, candidate.type, key, { runtime, plans, how, refusals });
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
