import type { AirlockRuntime } from '../../core/runtime.js';
import type { PreparedScope } from '../../core/prepared-scope.js';
import { effectNamedIn, type EffectEnvelope, readEnvelope } from './envelope.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { EffectRegistry } from './effect-registry.js';
import type { RemoteOptions } from './remote-options.js';

/** End of one attempt of an engine at an effect. @internal */
export interface EffectAttempt {
  /** The effect's own. */
  readonly id: string;
  readonly effect: string;
  /** The first is 1. */
  readonly number: number;
  /** Set if it failed. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Runs effects that came from another process, each in a scope of its own: effects that it calls go
 * out when it succeeds, and are dropped when it fails. Knows no engine.
 *
 * @internal
 */
export class EffectWorker {
  /** Told of each effect that fails here, or cannot be run. */
  onFailure: ((effect: string) => void) | undefined = undefined;
  /** Told of each attempt that an engine counts. */
  onAttempt: ((attempt: EffectAttempt) => void) | undefined = undefined;
  private readonly scopes = new Map<string, PreparedScope>();

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly registry: EffectRegistry,
    private readonly onDispatchError: OnDispatchError,
  ) {}

  get names(): readonly string[] {
    return this.registry.names;
  }

  /** Identifies the application, for intents that are read from somewhere. */
  get host(): object {
    return this.runtime;
  }

  /** The time limit of the application; false for none. */
  get effectTimeoutMs(): number | false {
    return this.runtime.effectTimeoutMs;
  }

  /** The time limit of an effect: its own, else that of the application. */
  timeoutOf(effect: string): number | false {
    return this.registry.timeoutOf(effect) ?? this.effectTimeoutMs;
  }

  knows(effect: string): boolean {
    return this.registry.has(effect);
  }

  /**
   * Runs an effect. Not `async`, since one more Promise can be measured in a job: errors of its own
   * are thrown at once.
   *
   * @param attempt its number, if the engine tells
   * @throws UnknownEffectError for an envelope that nothing here can run; ShuttingDownError;
   *   rejects with what the effect throws
   */
  run(data: unknown, options: RemoteOptions = {}, attempt?: number): Promise<unknown> {
    const end = this.watched(data, () => this.begin(data, options));
    if (this.onAttempt !== undefined && attempt !== undefined) this.noteAttempt(end, data, attempt);
    if (this.onFailure !== undefined) end.catch((error: unknown) => this.noteFailure(data, error));
    return end;
  }

  /**
   * Runs `prepare`, and reports a failure of the effect that it prepares.
   *
   * @param data with the name of an `effect`, perhaps
   * @throws what `prepare` throws
   */
  watched<T>(data: unknown, prepare: () => T): T {
    try {
      return prepare();
    } catch (error) {
      this.noteFailure(data, error);
      throw error;
    }
  }

  private noteAttempt(end: Promise<unknown>, data: unknown, number: number): void {
    const { id, effect } = data as EffectEnvelope;
    const attempt = { id, effect, number };
    end.then(
      () => this.onAttempt?.(attempt),
      (error: unknown) => {
        if (!(error instanceof ShuttingDownError))
          this.onAttempt?.({ ...attempt, failure: { error } });
      },
    );
  }

  /** Reports a failure. An effect that a shutdown refuses has not failed. */
  private noteFailure(data: unknown, error: unknown): void {
    if (!(error instanceof ShuttingDownError)) this.onFailure?.(effectNamedIn(data));
  }

  private begin(data: unknown, { serializer }: RemoteOptions): Promise<unknown> {
    const { id, effect, args, origin, context } = readEnvelope(data);
    if (!this.registry.has(effect)) throw new UnknownEffectError(effect, this.registry.names);
    const values = serializer === undefined ? args : serializer.deserialize(args);
    const facts = { id, name: effect, ...(origin !== undefined && { origin }) };
    const body = (): Promise<void> => this.registry.run(effect, values);
    const scope = this.scopeOf(effect);
    return this.runtime.runJob(facts, scope, body, this.onDispatchError, context);
  }

  private scopeOf(effect: string): PreparedScope {
    let prepared = this.scopes.get(effect);
    if (prepared === undefined)
      this.scopes.set(effect, (prepared = this.runtime.prepare({ name: `effect ${effect}` })));
    return prepared;
  }

  /**
   * Registers the engine's worker. A shutdown calls `stop` first: it fetches no more jobs, and
   * resolves when those that it has fetched have ended.
   */
  onShutdown(stop: () => Promise<unknown>): void {
    this.runtime.running.onShutdown(stop);
  }
}
