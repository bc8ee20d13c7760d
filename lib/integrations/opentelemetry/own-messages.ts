import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { AirlockMessage } from '../../core/model/diagnostics.js';
import { type Intent, stampOf } from '../../core/model/intent.js';

/** A message about an intent. @internal */
export type IntentMessage = AirlockMessage & { readonly intent: Intent };

type ChannelName = 'enqueue' | 'dispatch' | 'drop' | 'fail';

/**
 * Listens to what happens to the effects of one application; channels carry those of all in the process.
 *
 * @returns stops listening
 * @internal
 */
export function onOwnMessages(
  runtime: AirlockRuntime,
  listeners: Partial<Record<ChannelName, (message: IntentMessage) => void>>,
): () => void {
  const stops = Object.entries(listeners).map(([name, listener]) => {
    const heard = (message: unknown): void => {
      const { intent } = message as AirlockMessage;
      if (intent !== undefined && stampOf(intent).birthplace.host === runtime) listener(message as IntentMessage);
    };
    subscribe(`airlock:${name}`, heard);
    return () => unsubscribe(`airlock:${name}`, heard);
  });
  return () => stops.forEach((stop) => stop());
}
