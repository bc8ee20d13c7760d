import { AirlockError } from './airlock.error.js';

/**
 * An engine that carries effects to their workers, such as Redis, could not be reached in time.
 *
 * @publicApi
 */
export class EngineUnreachableError extends AirlockError {
  protected static override readonly brandName = 'EngineUnreachableError';

  /**
   * @param engine what did not answer, as `Redis at 127.0.0.1:6379`
   * @param fate what became of the effects at hand: none of them left, or the connection broke before the engine had answered
   */
  constructor(
    readonly engine: string,
    readonly timeoutMs: number,
    readonly fate: 'not sent' | 'unknown',
    consequence: string,
    options?: ErrorOptions,
  ) {
    super(
      'AIRLOCK_ENGINE_UNREACHABLE',
      `${engine} did not answer within ${timeoutMs} ms: ${consequence}. ` +
        'See that it runs and that its address is right, or allow more time with `dispatchTimeoutMs`.',
      options,
    );
  }
}
