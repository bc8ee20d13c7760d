import { AirlockError } from './airlock.error.js';
import { listed } from './thrown.js';

/**
 * Effects that enqueue effects went deeper than `maxCascadeDepth`.
 *
 * @publicApi
 */
export class CascadeDepthError extends AirlockError {
  protected static override readonly brandName = 'CascadeDepthError';

  /**
   * @param chain the effects that led here, outermost first, the refused one last
   * @param option what sets the limit
   */
  constructor(
    readonly chain: readonly string[],
    readonly maxDepth: number,
    option = 'maxCascadeDepth',
  ) {
    super(
      'AIRLOCK_CASCADE_DEPTH',
      `Effects cascaded deeper than \`${option}\` (${maxDepth}): ${listed(chain, String, ' > ')}. Break the loop, or raise the limit.`,
    );
  }
}
