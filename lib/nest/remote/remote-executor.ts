import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall, Executor } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { ENVELOPES, EnvelopeWriter } from './envelope-writer.js';
import type { RemoteOptions } from './remote-options.js';

/**
 * The half of a remote executor that is the same for all engines: which effects it takes, what it
 * keeps of their arguments. One effect is a batch of one.
 *
 * @publicApi
 */
export abstract class RemoteExecutor implements Executor {
  readonly remote = true;
  /** False: its own `dispatchTimeoutMs` bounds how long it waits. */
  readonly timeoutMs = false;
  /** @internal */
  protected readonly envelopes: EnvelopeWriter;

  /** @internal */
  constructor(engine: string, options: RemoteOptions) {
    this.envelopes = new EnvelopeWriter(engine, options);
  }

  /** The writer of envelopes, for an outbox in front of the executor. @internal */
  get [ENVELOPES](): EnvelopeWriter {
    return this.envelopes;
  }

  /**
   * @throws AirlockOptionsError for an effect without a name that a worker could find, where
   *   `plainFunctions` is `'refuse'`
   */
  accepts(call: EffectCall): boolean {
    return this.envelopes.accepts(call);
  }

  /** @throws EffectSerializationError for what JSON cannot carry, or too much of it */
  keepArguments(call: EffectCall): unknown[] {
    return this.envelopes.keepArguments(call);
  }

  async execute(intent: Intent, context?: DispatchContext): Promise<void> {
    const [result] = await this.executeBatch([intent], context);
    if (result!.error !== undefined) throw result!.error;
  }

  abstract executeBatch(
    intents: readonly Intent[],
    context?: DispatchContext,
  ): Promise<readonly DispatchResult[]>;
}
