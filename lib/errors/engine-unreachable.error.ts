import { AirlockError, type ErrorCause } from './airlock.error.js';

/**
 * An engine that carries effects to their workers, such as Redis, could not be reached in time.
 *
 * @publicApi
 */
export class EngineUnreachableError extends AirlockError {
  protected static override readonly brandName = 'EngineUnreachableError';

  /**
   * @param engine what did not answer, as `Redis at 127.0.0.1:6379`
   * @param timeoutMs how long was waited; undefined where this application has closed the connection itself
   * @param fate what became of the effects at hand: none of them left, or the connection broke before the engine had answered
   */
  constructor(
    readonly engine: string,
    readonly timeoutMs: number | undefined,
    readonly fate: 'not sent' | 'unknown',
    consequence: string,
    options?: ErrorCause,
  ) {
    super(
      'AIRLOCK_ENGINE_UNREACHABLE',
      timeoutMs === undefined
        ? `The connection to ${engine} was closed when this application shut down: ${consequence}. End its work before that.`
        : `${engine} did not answer within ${timeoutMs} ms: ${consequence}. ` +
            'See that it runs and that its address is right, or allow more time with `dispatchTimeoutMs`.',
      options,
    );
  }
}
