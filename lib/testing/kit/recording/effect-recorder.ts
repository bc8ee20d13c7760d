import { inspect } from 'node:util';
import type { AirlockRuntime } from '../../../core/runtime.js';
import type { Intent } from '../../../core/model/intent.js';
import type { DroppedIntent } from '../../../core/model/report.js';
import type { DispatchFailure } from '../../../errors/dispatch.error.js';
import { HeldEffects } from '../modes/held-effects.js';
import { listOfEffects } from '../texts/listing.js';
import { WritableRecord, type EffectRecord } from './effect-record.js';
import { onMessages } from './messages.js';
import { UnitsAtWork } from './units-at-work.js';

/**
 * Record of all effects of one tested application, from its boot to its end or since `clear()`.
 *
 * @publicApi
 */
export class EffectRecorder implements EffectRecord {
  readonly #record = new WritableRecord();
  readonly #listeners = new Set<() => void>();
  #refused: Intent[] = [];
  #runs: string[] = [];
  /** @internal */
  readonly held = new HeldEffects();
  /** @internal */
  readonly atWork = new UnitsAtWork();

  get effects(): readonly Intent[] {
    return this.#record.effects;
  }
  get dispatched(): readonly Intent[] {
    return this.#record.dispatched;
  }
  get dropped(): readonly DroppedIntent[] {
    return this.#record.dropped;
  }
  get failed(): readonly DispatchFailure<Intent>[] {
    return this.#record.failed;
  }

  /** Calls that `mode: 'assertNone'` has refused, also where the caller has swallowed the error. */
  get refused(): readonly Intent[] {
    return [...this.#refused];
  }

  /**
   * Names of effects that workers of this application have run, in the order in which they ended.
   */
  get runs(): readonly string[] {
    return [...this.#runs];
  }

  /** Lists the effects and what became of each, for `console.log` and the REPL. @internal */
  [inspect.custom](): string {
    return listOfEffects(this);
  }

  /** Forgets all that was recorded, and what `mode: 'capture'` has kept in: for `beforeEach`. */
  clear(): void {
    this.#record.clear();
    this.held.clear();
    this.#refused = [];
    this.#runs = [];
  }

  /** @internal */
  refuse(intent: Intent): void {
    this.#refused.push(intent);
    this.#tell();
  }

  /**
   * Calls the listener at each change.
   *
   * @returns a function that ends that
   * @internal
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Records what happens in an application. @returns what ends that @internal */
  recordFrom(runtime: AirlockRuntime): () => void {
    return onMessages((kind, message, unit) => {
      if (unit.host !== runtime) return;
      if (kind !== 'scope') this.#record.write(kind, message);
      else if (message.reason === 'open') this.atWork.opened(unit);
      else {
        this.atWork.ended();
        const effect =
          unit.level === undefined ? unit.name?.match(/^effect (.+)$/s)?.[1] : undefined;
        if (effect !== undefined && message.reason === 'flushed') this.#runs.push(effect);
      }
      this.#tell();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
