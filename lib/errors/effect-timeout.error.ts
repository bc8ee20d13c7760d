import { AirlockError } from './airlock.error.js';

/**
 * An effect did not end within its time limit and counts as failed. It may still be running.
 *
 * @publicApi
 */
export class EffectTimeoutError extends AirlockError {
  protected static override readonly brandName = 'EffectTimeoutError';

  /**
   * @param effect name of the effect
   * @param timeoutMs its limit in milliseconds
   * @param scope name or id of the scope that let it out
   */
  constructor(
    readonly effect: string,
    readonly timeoutMs: number,
    readonly scope: string,
  ) {
    super(
      'AIRLOCK_EFFECT_TIMEOUT',
      `Effect "${effect}", let out by scope "${scope}", did not end within ${timeoutMs} ms and counts as failed; the flush went on, and how it ends later is logged. ` +
        'Let it stop with `currentEffect().signal`, or give it more time with `timeoutMs` or `effectTimeoutMs` (false: no limit).',
    );
  }
}
