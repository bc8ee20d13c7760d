import type { Deadline } from '../core/model/deadline.js';

/** Limits that a probe is asked with. */
interface HealthLimits {
  /** Milliseconds from which on a row of an outbox is old; `false` asks about none. */
  readonly oldRowMs: number | false;
}

/** Question to a part of an application whether it works. @internal */
export interface HealthProbe {
  /** The part, such as `BullMQ`. */
  readonly name: string;
  /**
   * Asks nothing anew while an answer is due that an earlier check gave up waiting for: an
   * unanswered question may hold a connection.
   *
   * @returns what impairs it though it works, in a sentence
   * @throws why it does not work, such as an `EngineUnreachableError`
   */
  ask(deadline: Deadline, limits: HealthLimits): Promise<string | undefined>;
}

/** On providers that can be asked. @internal */
export const HEALTH_PROBE: unique symbol = Symbol.for('nestjs-airlock.health-probe') as never;

/** The port that an integration implements to be seen in `nestjs-airlock/health`. @internal */
export interface TellsHealth {
  readonly [HEALTH_PROBE]: HealthProbe | undefined;
}

/** @internal */
export function probeOf(object: object): HealthProbe | undefined {
  return (object as Partial<TellsHealth>)[HEALTH_PROBE];
}
