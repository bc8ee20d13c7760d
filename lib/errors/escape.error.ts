import { AirlockError } from './airlock.error.js';

/**
 * Something went out directly, inside an open scope or transaction, instead of through the buffer
 * (`detectEscapes`).
 *
 * @publicApi
 */
export class EscapeError extends AirlockError {
  protected static override readonly brandName = 'EscapeError';

  /**
   * @param escape what went out, as `POST api.example.com` or `Transporter.sendMail`
   * @param inside the scope or transaction that was open
   * @param callSite the first place of the application's own code on the stack, if there is one
   * @param caller the next place in another file, such as the caller of a service that wraps a
   *   queue
   */
  constructor(
    readonly escape: string,
    readonly inside: string,
    readonly callSite: string | undefined,
    readonly caller?: string,
  ) {
    const called = caller === undefined ? '' : `, called from ${caller}`;
    super(
      'AIRLOCK_ESCAPE',
      `${escape} was called directly inside ${inside}${callSite === undefined ? '' : ` at ${callSite}${called}`}, so it gets out even if that fails. ` +
        'Make it an effect (`@SideEffect()`, `effects.enqueue`, `effects.defer`), or add it to `detectEscapes.allow`.',
    );
  }
}
