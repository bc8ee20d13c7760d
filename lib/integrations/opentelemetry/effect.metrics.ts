import type { Attributes, Meter, ObservableCallback, ObservableGauge } from '@opentelemetry/api';
import type { AirlockRuntime } from '../../core/runtime.js';
import { executorOf, type Intent } from '../../core/model/intent.js';
import type { DispatchMessage, DropMessage, FailMessage } from '../../core/model/diagnostics.js';

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
 * @returns what the gauges show, for as long as they are to
 * @internal
 */
export function recordMetrics(runtime: AirlockRuntime, meter: Meter): Gauges {
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
  const calledAt = new Map<string, number>();
  const end = (
    { intent, durationMs }: DispatchMessage | DropMessage | FailMessage,
    outcome: string,
    reason?: string,
  ): void => {
    const attributes = attributesOf(intent);
    effects.add(1, { ...attributes, outcome, ...(reason !== undefined && { reason }) });
    const called = calledAt.get(intent.id);
    calledAt.delete(intent.id);
    if (called !== undefined && outcome !== 'dropped')
      waits.record((performance.now() - called) / 1000, attributes);
    if (durationMs !== undefined) runs.record(durationMs / 1000, { ...attributes, outcome });
  };
  runtime.listen({
    enqueue: ({ intent }) => void calledAt.set(intent.id, performance.now()),
    dispatch: (message) => end(message, 'dispatched'),
    drop: (message) => end(message, 'dropped', message.reason),
    fail: (message) => end(message, 'failed'),
  });
  return new Gauges(meter, [
    ['nestjs_airlock.scopes.open', 'Scopes that are open', () => runtime.running.size],
    [
      'nestjs_airlock.effects.buffered',
      'Effects that were called and have no end yet',
      () => calledAt.size,
    ],
  ]);
}

/**
 * Gauges that a meter asks for their numbers. The meter outlives applications, and keeps what it
 * asks. @internal
 */
export class Gauges {
  private readonly gauges: readonly (readonly [ObservableGauge, ObservableCallback])[];

  constructor(
    meter: Meter,
    gauges: readonly (readonly [name: string, description: string, read: () => number])[],
  ) {
    this.gauges = gauges.map(([name, description, read]) => [
      meter.createObservableGauge(name, { description }),
      (result) => result.observe(read()),
    ]);
  }

  show(): void {
    for (const [gauge, observe] of this.gauges) gauge.addCallback(observe);
  }

  hide(): void {
    for (const [gauge, observe] of this.gauges) gauge.removeCallback(observe);
  }
}

function attributesOf(intent: Intent): Attributes {
  return { name: intent.name, executor: executorOf(intent).constructor.name };
}
