import { AirlockError } from './airlock.error.js';

/**
 * A scope's buffer is full. What is already buffered is kept.
 *
 * @publicApi
 */
export class BufferLimitError extends AirlockError {
  protected static override readonly brandName = 'BufferLimitError';

  constructor(
    readonly effect: string,
    readonly scope: string,
    readonly limit: number,
  ) {
    super(
      'AIRLOCK_BUFFER_LIMIT',
      `Effect "${effect}" was refused: scope "${scope}" already holds ${limit} intents, its limit. What is buffered is kept. ` +
        'Let some out with `scope.checkpoint()`, split the work over several scopes, or raise `maxEffectsPerScope`.',
    );
  }
}
