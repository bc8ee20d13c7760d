import type { Deadline } from '../core/model/deadline.js';

/** Limits that a probe is asked with. */
interface HealthLimits {
  /** Age in milliseconds at which a row of an outbox is old; `false` asks about none. */
  readonly oldRowMs: number | false;
}

/** Question whether a part of an application works. @internal */
export interface HealthProbe {
  /** The part, such as `BullMQ`. */
  readonly name: string;
  /**
   * Sends nothing while the answer to an earlier check is due: an unanswered question may hold a
   * connection.
   *
   * @returns a sentence about what impairs the part although it works
   * @throws Error that says why the part does not work, such as an `EngineUnreachableError`
   */
  ask(deadline: Deadline, limits: HealthLimits): Promise<string | undefined>;
}

/** Key of the probe on a provider that has one. @internal */
export const HEALTH_PROBE: unique symbol = Symbol.for('nestjs-airlock.health-probe') as never;

/** The port that an integration implements to be seen in `nestjs-airlock/health`. @internal */
export interface TellsHealth {
  readonly [HEALTH_PROBE]: HealthProbe | undefined;
}

/** @internal */
export function probeOf(object: object): HealthProbe | undefined {
  return (object as Partial<TellsHealth>)[HEALTH_PROBE];
}
