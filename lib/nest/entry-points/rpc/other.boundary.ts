import type { ExecutionContext } from '@nestjs/common';
import type { LatentScope } from '../../../core/latent-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import { MessageBoundary } from '../../boundaries/message.boundary.js';
import { failsWhere } from './given-back.js';

/**
 * A scope per message of a kind that a library has added to Nest. The RabbitMQ library of golevelup
 * gives a message back if its handler returns a `Nack`.
 *
 * @internal
 */
export class OtherBoundary extends MessageBoundary {
  protected override ending(
    context: ExecutionContext,
    scope: LatentScope,
  ): (outcome: Outcome, answer: unknown) => void | Promise<void> {
    const end = super.ending(context, scope);
    return context.getType<string>() === 'rmq' ? failsWhere(isNack, scope, end) : end;
  }
}

/** True for a `Nack`, told by its accessor: bundlers may rename the class. */
function isNack(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const prototype = Object.getPrototypeOf(answer) as object | null;
  return prototype !== null && Object.hasOwn(prototype, 'requeue');
}
