import type { Attributes, Meter } from '@opentelemetry/api';
import type { AirlockRuntime } from '../../core/runtime.js';
import { executorOf, type Intent } from '../../core/model/intent.js';
import { type IntentMessage, onOwnMessages } from '../own-messages.js';

/**
 * Counts what becomes of effects, and measures how long they wait and run.
 *
 * | instrument | kind, unit | attributes |
 * |---|---|---|
 * | `nestjs_airlock.effects` | counter | name, executor, outcome (`dispatched`, `dropped`, `failed`), reason of a drop |
 * | `nestjs_airlock.effect.wait.duration` | histogram, s | name, executor: from the call to its end, the run included |
 * | `nestjs_airlock.effect.run.duration` | histogram, s | name, executor, outcome: the run in process, the hand-over to an engine |
 * | `nestjs_airlock.scopes.open` | gauge | |
 * | `nestjs_airlock.effects.buffered` | gauge | |
 *
 * @returns stops it
 * @internal
 */
export function recordMetrics(runtime: AirlockRuntime, meter: Meter): () => void {
  const effects = meter.createCounter('nestjs_airlock.effects', {
    description: 'Effects, by what became of them',
  });
  const waits = meter.createHistogram('nestjs_airlock.effect.wait.duration', {
    unit: 's',
    description: 'From the call of an effect to its end',
  });
  const runs = meter.createHistogram('nestjs_airlock.effect.run.duration', {
    unit: 's',
    description: 'How long an effect ran, or its hand-over to an engine took',
  });
  const open = meter.createObservableGauge('nestjs_airlock.scopes.open', {
    description: 'Scopes that are open',
  });
  const buffered = meter.createObservableGauge('nestjs_airlock.effects.buffered', {
    description: 'Effects that were called and have no end yet',
  });

  const calledAt = new Map<string, number>();
  const end = ({ intent, durationMs }: IntentMessage, outcome: string, reason?: string): void => {
    const attributes = attributesOf(intent);
    effects.add(1, { ...attributes, outcome, ...(reason !== undefined && { reason }) });
    const called = calledAt.get(intent.id);
    calledAt.delete(intent.id);
    if (called !== undefined && outcome !== 'dropped')
      waits.record((performance.now() - called) / 1000, attributes);
    if (durationMs !== undefined) runs.record(durationMs / 1000, { ...attributes, outcome });
  };
  const countOpen: Parameters<typeof open.addCallback>[0] = (result) =>
    result.observe(runtime.openScopes);
  const countBuffered: typeof countOpen = (result) => result.observe(calledAt.size);
  open.addCallback(countOpen);
  buffered.addCallback(countBuffered);
  const stop = onOwnMessages(runtime, {
    enqueue: ({ intent }) => void calledAt.set(intent.id, performance.now()),
    dispatch: (message) => end(message, 'dispatched'),
    drop: (message) => end(message, 'dropped', message.reason),
    fail: (message) => end(message, 'failed'),
  });
  return () => {
    stop();
    open.removeCallback(countOpen);
    buffered.removeCallback(countBuffered);
  };
}

function attributesOf(intent: Intent): Attributes {
  return { name: intent.name, executor: executorOf(intent).constructor.name };
}
