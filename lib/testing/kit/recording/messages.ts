import { type AirlockMessage, channels } from '../../../core/model/diagnostics.js';
import { unitOf, type UnitOfWork } from '../../../core/scope/unit-of-work.js';

/** @internal */
export type MessageKind = keyof typeof channels;

const KINDS = Object.keys(channels) as MessageKind[];

/**
 * Listens to everything that happens in this process, in the asynchronous context in which it
 * happens, except in another installed copy.
 *
 * @returns a function that ends that, which the listener itself must not call
 * @internal
 */
export function onMessages(
  listener: (kind: MessageKind, message: AirlockMessage, unit: UnitOfWork) => void,
): () => void {
  const stops = KINDS.map((kind) => {
    const listen = (message: unknown): void => {
      const { scope } = message as AirlockMessage;
      const unit = scope && unitOf(scope);
      if (unit !== undefined) listener(kind, message as AirlockMessage, unit);
    };
    channels[kind].subscribe(listen);
    return () => channels[kind].unsubscribe(listen);
  });
  return () => {
    for (const stop of stops) stop();
  };
}
