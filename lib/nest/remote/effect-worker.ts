import type { AirlockRuntime } from '../../core/runtime.js';
import type { PreparedScope } from '../../core/prepared-scope.js';
import { effectNamedIn, readEnvelope } from './envelope.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { EffectRegistry } from './effect-registry.js';
import type { RemoteOptions } from './remote-options.js';

/**
 * Runs effects that came from another process, each in a scope of its own: what it enqueues goes
 * out when it succeeds and is dropped when it fails. Knows no engine.
 *
 * @internal
 */
export class EffectWorker {
  /** Told of each effect that fails here, or cannot be run. */
  onFailure: ((effect: string) => void) | undefined = undefined;
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
   * Not `async`: each promise of a job costs a part of it that shows. What it throws itself it
   * throws at once.
   *
   * @throws UnknownEffectError for an envelope that nothing here can run; ShuttingDownError;
   *   rejects with what the effect throws
   */
  run(data: unknown, options: RemoteOptions = {}): Promise<unknown> {
    const end = this.watched(data, () => this.begin(data, options));
    if (this.onFailure !== undefined) end.catch((error: unknown) => this.noteFailure(data, error));
    return end;
  }

  /**
   * Tells of an effect that does not get as far as its run.
   *
   * @param data with the name of an `effect`, as far as it is to be trusted
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

  /** Tells of a failure, which is none if a shutdown turns the effect away. */
  private noteFailure(data: unknown, error: unknown): void {
    if (!(error instanceof ShuttingDownError)) this.onFailure?.(effectNamedIn(data));
  }

  private begin(data: unknown, { serializer }: RemoteOptions): Promise<unknown> {
    const { id, effect, args, origin, context } = readEnvelope(data);
    if (!this.registry.has(effect)) throw new UnknownEffectError(effect, this.registry.names);
    const given = serializer === undefined ? args : serializer.deserialize(args);
    const facts = { id, name: effect, ...(origin !== undefined && { origin }) };
    const body = (): Promise<void> => this.registry.run(effect, given);
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
   * `stop` is asked first at a shutdown: to fetch no more, and to resolve when what was fetched has
   * ended.
   */
  onShutdown(stop: () => Promise<unknown>): void {
    this.runtime.running.onShutdown(stop);
  }
}
