import type { ExecutionContext } from '@nestjs/common';
import type { LatentScope } from '../../../core/latent-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import { MessageBoundary } from '../../boundaries/message.boundary.js';
import { Acknowledgement, acknowledgesItself } from './acknowledgement.js';

/**
 * A scope per message. Of a handler that acknowledges its message itself it ends with that, as its
 * work may go on in callbacks until then.
 *
 * @internal
 */
export class WsBoundary extends MessageBoundary {
  protected override ending(
    context: ExecutionContext,
    scope: LatentScope,
  ): (outcome: Outcome, answer: unknown) => void | Promise<void> {
    const end = super.ending(context, scope);
    if (!acknowledgesItself(context.getClass(), context.getHandler())) return end;
    // The array itself: Nest hands its elements to the handler once the interceptors have been
    // called.
    const args: unknown[] = context.getArgs();
    const at = args.findIndex((one) => typeof one === 'function');
    // The client waits for none.
    if (at < 0) return end;
    const acknowledgement = new Acknowledgement(args, at, context.switchToWs().getClient());
    return (outcome, answer) => {
      // What a handler returns that has no `@Ack()`, Nest acknowledges with.
      const isAnswered = acknowledgement.isGiven || (answer ?? undefined) !== undefined;
      if (outcome !== 'completed' || isAnswered) return end(outcome);
      acknowledgement.whenOver(
        (known) => void this.endLate(scope, known, 'the acknowledgement of its message'),
      );
    };
  }
}
