import { AirlockError } from './airlock.error.js';

/**
 * A transaction or savepoint was asked for something its state does not allow: ended twice or out
 * of order, a savepoint where there are none, or left open at the end of the scope it was begun in.
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
