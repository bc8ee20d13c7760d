import type { Attributes } from '@opentelemetry/api';
import type { CarriedEffect } from '../../core/model/context-carrier.js';

/**
 * Attributes of a span about one effect, by the semantic conventions for messaging.
 *
 * @param type what the span is about: `create` the call, `send` the hand-over to an engine,
 *   `process` the run
 * @internal
 */
export function messagingAttributes(
  type: 'create' | 'send' | 'process',
  { id, name }: CarriedEffect,
): Attributes {
  return {
    'messaging.system': 'nestjs-airlock',
    'messaging.operation.type': type,
    'messaging.operation.name': type,
    'messaging.destination.name': name,
    'messaging.message.id': id,
  };
}
