import type { ScopeState } from '../../core/model/scope-view.js';
import type { UnitOfWork } from '../../core/scope/unit-of-work.js';

/** An effect that runs. @publicApi */
export interface RunningEffectReport {
  readonly name: string;
  /** Milliseconds since it began; undefined while its policies are asked. */
  readonly ageMs: number | undefined;
}

/** A running scope: open, or ended while effects that it let out have not. @publicApi */
export interface RunningScopeReport {
  readonly id: string;
  readonly name: string | undefined;
  readonly state: ScopeState;
  /** Milliseconds since it was opened. */
  readonly ageMs: number;
  /** The effects that it runs right now. */
  readonly effects: readonly RunningEffectReport[];
  /**
   * The names of effects that are still to run: buffered, or waiting for others, for a commit or
   * for the response.
   */
  readonly waiting: readonly string[];
}

/** @internal */
export function reportOfRunning(unit: UnitOfWork): RunningScopeReport {
  const { id, name, state, ageMs, underWay } = unit;
  const now = performance.now();
  const effects = underWay.map((effect) => ({
    name: effect.name,
    ageMs: effect.since === 0 ? undefined : now - effect.since,
  }));
  const waiting = [...unit.pending().slice(effects.length), ...unit.snapshot()].map(
    (intent) => intent.name,
  );
  return { id, name, state, ageMs, effects, waiting };
}
