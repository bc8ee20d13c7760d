import { AirlockError } from './airlock.error.js';

/**
 * A package that a part of this one works with is installed in a version it does not know.
 *
 * @publicApi
 */
export class PeerVersionError extends AirlockError {
  protected static override readonly brandName = 'PeerVersionError';

  /**
   * @param neededBy the part, as `nestjs-airlock/bullmq`, or `nestjs-airlock` itself
   * @param range what it works with, as `>=5.57.0`
   * @param folder where `version` was found
   */
  constructor(
    readonly neededBy: string,
    readonly peer: string,
    readonly range: string,
    readonly version: string,
    readonly folder: string,
  ) {
    super(
      'AIRLOCK_PEER_VERSION',
      `${neededBy} needs ${peer} ${range}, but ${version} is installed in ${folder}. ` +
        `Update it, as with \`npm install ${peer}@latest\`` +
        (neededBy.includes('/')
          ? `, or do not use ${neededBy}; the rest of nestjs-airlock needs no ${peer}.`
          : '.'),
    );
  }
}
