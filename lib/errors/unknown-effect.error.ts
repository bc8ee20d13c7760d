import { AirlockError } from './airlock.error.js';

/**
 * A worker met an effect name that no `@SideEffect()` method of this application carries.
 *
 * @publicApi
 */
export class UnknownEffectError extends AirlockError {
  protected static override readonly brandName = 'UnknownEffectError';

  constructor(
    readonly effect: string,
    readonly known: readonly string[],
  ) {
    super(
      'AIRLOCK_UNKNOWN_EFFECT',
      `No effect is named "${effect}" here. Known effects: ${known.join(', ') || 'none'}. Deploy the code that has it, or fix the name.`,
    );
  }
}
