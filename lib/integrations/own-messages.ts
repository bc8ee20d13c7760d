import { onAirlock } from '../core/on-airlock.js';
import type { AirlockRuntime } from '../core/runtime.js';
import type { AirlockMessage } from '../core/model/diagnostics.js';
import { type Intent, stampOf } from '../core/model/intent.js';

/** A message about an intent. @internal */
export type IntentMessage = AirlockMessage & { readonly intent: Intent };

type ChannelName = 'enqueue' | 'dispatch' | 'drop' | 'fail';

/**
 * Listens to what happens to the effects of one application; channels carry those of all in the
 * process.
 *
 * @returns stops listening
 * @internal
 */
export function onOwnMessages(
  runtime: AirlockRuntime,
  listeners: Partial<Record<ChannelName, (message: IntentMessage) => void>>,
): () => void {
  const stops = Object.entries(listeners).map(([name, listener]) => {
    return onAirlock(name as ChannelName, (message: AirlockMessage) => {
      const { intent } = message;
      if (intent !== undefined && stampOf(intent).birthplace.host === runtime)
        listener(message as IntentMessage);
    });
  });
  return () => stops.forEach((stop) => stop());
}
