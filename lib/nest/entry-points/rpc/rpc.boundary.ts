import type { ExecutionContext } from '@nestjs/common';
import { isObservable } from 'rxjs';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { LatentScope } from '../../../core/latent-scope.js';
import { MessageBoundary } from '../../boundaries/message.boundary.js';
import { GivenBack } from './given-back.js';
import { inSubscribersContext, isGrpcCall, isReset, StreamCall } from './grpc-stream.js';

/**
 * A scope per message. A message of gRPC may be a stream: what it emits is handled in the scope,
 * which ends with the handler's Observable, or with the call if the handler is given that. A
 * message that its handler gives back to the queue has failed.
 *
 * @internal
 */
export class RpcBoundary extends MessageBoundary {
  private readonly givenBack = new GivenBack(this.runtime);

  protected override ending(
    context: ExecutionContext,
    scope: LatentScope,
  ): (outcome: Outcome) => void | Promise<void> {
    const end = this.givenBack.endOf(context, scope, super.ending(context, scope));
    // Changed in place: Nest hands the elements of this array to the handler after the
    // interceptors.
    const args: unknown[] = context.getArgs();
    const [input, , call] = args;
    if (isObservable(input)) {
      args[0] = inSubscribersContext(input);
      if (!isGrpcCall(call)) return end;
      // Nest completes the input of a client that has left as if all of it had been sent.
      const endUnlessLost = async (): Promise<void> =>
        end((await isReset(call)) || call.cancelled ? 'cancelled' : 'completed');
      return (outcome) =>
        outcome === 'completed' && scope.intents.length > 0 ? endUnlessLost() : end(outcome);
    }
    if (!isGrpcCall(input)) return end;
    const stream = new StreamCall(input, args, scope);
    const endAfterCall = async (known: Outcome): Promise<void> => {
      const isLost = known === 'completed' && scope.intents.length > 0 && (await isReset(input));
      await this.endLate(scope, isLost ? 'cancelled' : known, 'the end of the call');
    };
    return (outcome) => {
      if (outcome !== 'completed') return end(outcome);
      stream.whenOver((known) => void endAfterCall(known));
    };
  }
}
