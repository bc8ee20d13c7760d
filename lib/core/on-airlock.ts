import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import {
  type AirlockMessages,
  channels,
  type EffectRunEvent,
  effectRuns,
} from './model/diagnostics.js';

/** A listener to one channel; of `effect`, it is told which event of the run it is. @publicApi */
export type AirlockListener<K extends keyof AirlockMessages> = K extends 'effect'
  ? (message: AirlockMessages[K], event: EffectRunEvent) => void
  : (message: AirlockMessages[K]) => void;

const EVENTS: readonly EffectRunEvent[] = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

/**
 * Listens to what happens in this process, in whatever application: `airlock:enqueue`, `dispatch`,
 * `drop`, `fail` and `scope`, and the tracing channel `airlock:effect`, without casts. The listener
 * runs where it happens, synchronously.
 *
 * @example
 * ```ts
 * const stop = onAirlock('drop', ({ intent, reason }) => {
 *   metrics.count('dropped', { effect: intent?.name, reason });
 * });
 * ```
 *
 * @returns what ends the listening
 * @throws AirlockOptionsError for a name that is no channel, and for a listener that is no function
 * @publicApi
 */
export function onAirlock<K extends keyof AirlockMessages>(
  name: K,
  listener: AirlockListener<K>,
): () => void {
  if (typeof listener !== 'function')
    throw AirlockOptionsError.expected('listener', 'a function', listener);
  if (name === 'effect') return onEffectRuns(listener as AirlockListener<'effect'>);
  if (!Object.hasOwn(channels, name)) {
    const names = [...Object.keys(channels), 'effect'].map((known) => `'${known}'`).join(' or ');
    throw AirlockOptionsError.expected('name', names, name);
  }
  const channel = channels[name as keyof typeof channels];
  const listen = (message: unknown): void => (listener as (message: unknown) => void)(message);
  channel.subscribe(listen);
  return () => channel.unsubscribe(listen);
}

function onEffectRuns(listener: AirlockListener<'effect'>): () => void {
  const stops = EVENTS.map((event) => {
    const listen = (message: unknown): void =>
      listener(message as AirlockMessages['effect'], event);
    effectRuns[event].subscribe(listen);
    return () => effectRuns[event].unsubscribe(listen);
  });
  return () => {
    for (const stop of stops) stop();
  };
}
