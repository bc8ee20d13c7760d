import { AirlockError } from './airlock.error.js';

/**
 * Effects that enqueue effects went deeper than `maxCascadeDepth`.
 *
 * @publicApi
 */
export class CascadeDepthError extends AirlockError {
  protected static override readonly brandName = 'CascadeDepthError';

  /** @param chain the effects that led here, outermost first, the refused one last */
  constructor(
    readonly chain: readonly string[],
    readonly maxDepth: number,
  ) {
    super(
      'AIRLOCK_CASCADE_DEPTH',
      `Effects cascaded deeper than \`maxCascadeDepth\` (${maxDepth}): ${chain.join(' > ')}. Break the loop, or raise the limit.`,
    );
  }
}
