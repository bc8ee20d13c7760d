import { AirlockError } from './airlock.error.js';

/**
 * A worker met something it cannot run: a name that no `@SideEffect()` method of this application carries, or an envelope
 * of another version or shape.
 *
 * @publicApi
 */
export class UnknownEffectError extends AirlockError {
  protected static override readonly brandName = 'UnknownEffectError';

  constructor(
    readonly effect: string,
    readonly known: readonly string[],
    message = `No effect is named "${effect}" here. Known effects: ${known.join(', ') || 'none'}. Deploy the code that has it, or fix the name.`,
  ) {
    super('AIRLOCK_UNKNOWN_EFFECT', message);
  }

  /** @internal */
  static malformed(problem: string): UnknownEffectError {
    return new UnknownEffectError(
      '(unreadable)',
      [],
      `A job is no effect of this version: ${problem}. It was written by another version or another program; let a worker of that version run it, or remove it.`,
    );
  }
}
