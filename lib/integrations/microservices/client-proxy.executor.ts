import { Inject, Injectable, type InjectionToken, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { ClientProxy } from '@nestjs/microservices';
import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { ProvidedBy } from '../../nest/container/provided-by.js';
import { RemoteExecutor } from '../../nest/remote/remote-executor.js';
import { clientBehind } from '../client-lookup.js';
import { HEALTH_PROBE, type HealthProbe } from '../health-probe.js';
import { EnginesDown } from '../engines-down.js';
import { BrokerLink } from './broker-link.js';
import { MicroservicesSettings } from './microservices.settings.js';

/** Largest number of messages that are under way at a time. */
const WINDOW = 100;

/**
 * Emits effects as events of a `ClientProxy`, in the order of their calls, for another application
 * to run. Provided by `AirlockMicroservicesModule`, and named in `AirlockModule.forRoot({ executor:
 * ClientProxyExecutor })`.
 *
 * @publicApi
 */
@ProvidedBy('AirlockMicroservicesModule.forRoot(…)', 'nestjs-airlock/microservices')
@Injectable()
export class ClientProxyExecutor extends RemoteExecutor implements OnModuleInit {
  readonly #settings: MicroservicesSettings;
  readonly #modules: ModuleRef;
  readonly #enginesDown = new EnginesDown();
  #knownLink: BrokerLink | undefined;

  /** @internal Built by Nest. */
  constructor(
    @Inject(MicroservicesSettings) settings: MicroservicesSettings,
    @Inject(ModuleRef) modules: ModuleRef,
  ) {
    super('A message broker', settings.options);
    this.#settings = settings;
    this.#modules = modules;
  }

  /** Probe of the broker; undefined in an application that only consumes. @internal */
  get [HEALTH_PROBE](): HealthProbe | undefined {
    if (this.#settings.client === undefined) return undefined;
    return {
      name: 'message broker',
      ask: async (deadline) => {
        await this.#link.ping(deadline);
        return undefined;
      },
    };
  }

  /** @throws EngineUnreachableError */
  async onModuleInit(): Promise<void> {
    if (this.#settings.client !== undefined) await this.#link.open();
  }

  /**
   * @throws AirlockOptionsError if there is no client, or `dispatchOptions` without a `record`
   *   function that uses them
   */
  override accepts(call: EffectCall): boolean {
    if (!super.accepts(call)) return false;
    if (this.#settings.client === undefined) throw noClient(call.name);
    if (call.dispatchOptions !== undefined && this.#settings.options.record === undefined)
      throw noRecord(call.name);
    return true;
  }

  async executeBatch(
    intents: readonly Intent[],
    context?: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const results: DispatchResult[] = [];
    const down = this.#enginesDown.in(context);
    try {
      while (results.length < intents.length) {
        const notSent = `${intents.length - results.length} effect(s) were not sent`;
        if (down.has(this)) throw this.#link.unreachable(notSent, 'not sent', down.get(this));
        await this.#link.reach(notSent);
        const window = intents.slice(results.length, results.length + WINDOW);
        const sent = await Promise.all(window.map((intent) => this.#send(intent)));
        results.push(...(await this.#flushed(sent)));
        // The broker was found down after a wait; the other messages need not wait as well.
        const failure = results.find(({ error }) => error instanceof EngineUnreachableError);
        if (failure !== undefined) down.set(this, failure.error);
      }
    } catch (error) {
      if (error instanceof EngineUnreachableError && !down.has(this)) down.set(this, error);
      for (const intent of intents.slice(results.length)) results.push({ intent, error });
    }
    return results;
  }

  async #send(intent: Intent): Promise<DispatchResult> {
    try {
      const pattern = this.#settings.patternOf(intent);
      await this.#link.emit(pattern, this.#recordOf(intent));
      return { intent };
    } catch (error) {
      return { intent, error };
    }
  }

  async #flushed(sent: readonly DispatchResult[]): Promise<readonly DispatchResult[]> {
    try {
      await this.#link.flush();
      return sent;
    } catch (error) {
      return sent.map((result) =>
        result.error === undefined ? { intent: result.intent, error } : result,
      );
    }
  }

  #recordOf(intent: Intent): unknown {
    const envelope = this.envelopes.write(intent);
    const { options } = this.#settings;
    if (options.record !== undefined) return options.record(envelope, intent);
    return this.#link.recordOf(envelope);
  }

  get #link(): BrokerLink {
    const { client, dispatchTimeoutMs } = this.#settings;
    return (this.#knownLink ??= new BrokerLink(
      clientBehind<ClientProxy>(client!, this.#modules, 'AirlockMicroservicesModule', 'client'),
      nameOf(client!),
      dispatchTimeoutMs,
    ));
  }
}

function nameOf(token: InjectionToken): string {
  return typeof token === 'function' ? token.name : `"${String(token)}"`;
}

function noClient(effect: string): AirlockOptionsError {
  return new AirlockOptionsError(
    'client',
    `Effect "${effect}" is to be sent, but \`AirlockMicroservicesModule\` was given no \`client\` to send it with. ` +
      'Set the token of a `ClientProxy`, or run effects elsewhere.',
  );
}

function noRecord(effect: string): AirlockOptionsError {
  return new AirlockOptionsError(
    'dispatchOptions',
    `Effect "${effect}" has \`dispatchOptions\`, and nothing says what they mean to this transport. ` +
      'Make a message of them with `record` of `AirlockMicroservicesModule`.',
  );
}
