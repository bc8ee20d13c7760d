import { AirlockError } from './airlock.error.js';

/**
 * Two installed copies of this package are loaded in one process, and neither sees the scopes and
 * transactions of the other.
 *
 * @publicApi
 */
export class TwoCopiesError extends AirlockError {
  protected static override readonly brandName = 'TwoCopiesError';

  /** @param folders where the copies are installed */
  constructor(readonly folders: readonly string[]) {
    super(
      'AIRLOCK_TWO_COPIES',
      `${folders.length} copies of nestjs-airlock are loaded in one process: ${folders.join(' and ')}. ` +
        'An effect called through one of them never reaches a scope or a transaction of the other. Have one installed: give every package of the ' +
        "workspace the same version of it and of its peers (Nest, rxjs; with pnpm and Yarn also optional ones, such as typeorm, vitest, eslint), then run your package manager's `dedupe`. " +
        'A library that uses it names it in `peerDependencies`.',
    );
  }
}
