import { AirlockError } from './airlock.error.js';

/**
 * An argument for a remote executor is not plain JSON data, or too much of it.
 *
 * @publicApi
 */
export class EffectSerializationError extends AirlockError {
  protected static override readonly brandName = 'EffectSerializationError';

  /** @param path where the value stands, as `args[0].when` */
  constructor(
    readonly effect: string,
    readonly path: string,
    readonly found: string,
    remedy = ', which JSON cannot carry. Pass plain data, such as an id or an ISO date.',
  ) {
    super(
      'AIRLOCK_EFFECT_SERIALIZATION',
      `Effect "${effect}" leaves the process, but \`${path}\` is ${found}${remedy}`,
    );
  }
}
