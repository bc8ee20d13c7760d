import { AirlockError } from './airlock.error.js';
import { quoted } from './quoted.js';
import { listed } from './thrown.js';

/**
 * A worker met something it cannot run: a name that no `@SideEffect()` method of this application
 * carries, or an envelope of another version or shape.
 *
 * @publicApi
 */
export class UnknownEffectError extends AirlockError {
  protected static override readonly brandName = 'UnknownEffectError';

  /** The name as it was given, cut after a thousand characters. */
  readonly effect: string;
  /** The names that are there. */
  readonly known: readonly string[];

  constructor(effect: string, known: readonly string[], message?: string) {
    super('AIRLOCK_UNKNOWN_EFFECT', message ?? messageAbout(effect, known));
    this.effect = effect.slice(0, 1_000);
    this.known = known;
  }

  /** @param problem with parts of the job only as `quoted` prints them @internal */
  static malformed(problem: string): UnknownEffectError {
    return new UnknownEffectError(
      '(unreadable)',
      [],
      `A job is not an effect of this version: ${problem}. It was written by another version or another program; let a worker of that version run it, or remove it.`,
    );
  }
}

function messageAbout(effect: string, known: readonly string[]): string {
  const names = listed(known, (name) => name) || 'none';
  return `No effect is named ${quoted(effect)} here. Known effects: ${names}. Deploy the code that has it, or fix the name.`;
}
