import { AirlockError } from './airlock.error.js';

/**
 * A transaction or savepoint was asked for something that its state does not allow: to end twice or
 * out of order, or to take a savepoint that its database does not have; or it was still open at the
 * end of the scope that it was begun in.
 *
 * @publicApi
 */
export class FrameStateError extends AirlockError {
  protected static override readonly brandName: string = 'FrameStateError';

  constructor(
    readonly frame: string,
    readonly state: string,
    message: string,
  ) {
    super('AIRLOCK_FRAME_STATE', message);
  }
}
