import { AirlockError } from './airlock.error.js';
import { listed } from './thrown.js';

/**
 * A scope's buffer is full, or the effects that it lets out have called too many in their turn.
 * What is already buffered is kept.
 *
 * @publicApi
 */
export class BufferLimitError extends AirlockError {
  protected static override readonly brandName = 'BufferLimitError';

  /**
   * @param scope what holds the intents, or lets out the effect that led to the call
   * @param chain where effects have called effects: those that led to the call, outermost first,
   *   the refused one last
   */
  constructor(
    readonly effect: string,
    readonly scope: string,
    readonly limit: number,
    readonly chain?: readonly string[],
  ) {
    super(
      'AIRLOCK_BUFFER_LIMIT',
      chain === undefined
        ? `Effect "${effect}" was refused: scope "${scope}" already holds ${limit} intents, its limit. What is buffered is kept. ` +
            'Let some out with `scope.checkpoint()`, split the work over several scopes, or raise `maxEffectsPerScope`.'
        : `Effect "${effect}" was refused: effects that scope "${scope}" lets out have called ${limit} effects in their turn, the limit of one flush: ` +
            `${listed(chain, String, ' > ')}. What is buffered is kept. Break the loop, or raise \`maxEffectsPerScope\`.`,
    );
  }
}
