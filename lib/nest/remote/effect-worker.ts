import { AsyncLocalStorage } from 'node:async_hooks';
import type { AirlockRuntime } from '../../core/airlock-runtime.js';
import { contexts } from '../../core/context.js';
import { type EffectEnvelope, readEnvelope } from '../../core/envelope.js';
import type { OnDispatchError } from '../../core/effect-scope.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { EffectRegistry } from '../effect-registry.js';
import type { RemoteOptions } from './remote-options.js';

const atWork = new AsyncLocalStorage<EffectEnvelope>();

/** What an effect may know of its own call. @publicApi */
export interface CurrentEffect {
  /** The same at the call, in the engine and at every attempt of a worker: what makes a handler idempotent. */
  readonly id: string;
  readonly name: string;
  readonly origin?: string;
}

/** The effect that is running here, in this process or as a worker's job; undefined anywhere else. @publicApi */
export function currentEffect(): CurrentEffect | undefined {
  const intent = contexts.getStore()?.effect;
  if (intent === undefined) {
    const envelope = atWork.getStore();
    return envelope && facts(envelope.id, envelope.effect, envelope.origin);
  }
  return facts(intent.id, intent.name, intent.origin);
}

function facts(id: string, name: string, origin: string | undefined): CurrentEffect {
  return { id, name, ...(origin !== undefined && { origin }) };
}

/**
 * Runs effects that came from another process, each in a scope of its own: what it enqueues goes out when it succeeds and is
 * dropped when it fails. Knows no engine.
 *
 * @internal
 */
export class EffectWorker {
  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly registry: EffectRegistry,
    private readonly onDispatchError: OnDispatchError,
  ) {}

  get names(): readonly string[] {
    return this.registry.names;
  }

  /** @throws UnknownEffectError for an envelope that nothing here can run; ShuttingDownError; what the effect throws */
  async run(data: unknown, { serializer, tracing }: RemoteOptions = {}): Promise<void> {
    const envelope = readEnvelope(data);
    const { effect, args, trace } = envelope;
    if (!this.registry.has(effect)) throw new UnknownEffectError(effect, this.registry.names);
    const given = serializer === undefined ? args : serializer.deserialize(args);
    const options = { name: `effect ${effect}`, onDispatchError: this.onDispatchError };
    const work = (): Promise<unknown> =>
      atWork.run(envelope, () => this.runtime.run(options, () => this.registry.run(effect, given)));
    await (tracing !== undefined && trace !== undefined ? tracing.run(trace, work) : work());
  }

  /** `stop` is asked first at a shutdown: to fetch no more, and to resolve when what was fetched has ended. */
  onShutdown(stop: () => Promise<unknown>): void {
    this.runtime.onShutdown(stop);
  }
}
