import { AirlockError } from './airlock.error.js';

/**
 * A batch executor did not say how one of its intents ended.
 *
 * @publicApi
 */
export class MissingResultError extends AirlockError {
  protected static override readonly brandName = 'MissingResultError';

  constructor(
    readonly executor: string,
    readonly effect: string,
  ) {
    super(
      'AIRLOCK_MISSING_RESULT',
      `Executor "${executor}" gave no result for effect "${effect}". \`executeBatch\` must resolve to one \`{ intent, error? }\` per intent, in order.`,
    );
  }
}
