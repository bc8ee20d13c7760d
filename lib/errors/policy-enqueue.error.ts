import { AirlockError } from './airlock.error.js';

/**
 * A policy called an effect. Policies decide about effects and may not cause any.
 *
 * @publicApi
 */
export class PolicyEnqueueError extends AirlockError {
  protected static override readonly brandName = 'PolicyEnqueueError';

  constructor(
    readonly policy: string,
    readonly effect: string,
  ) {
    super(
      'AIRLOCK_POLICY_ENQUEUE',
      `Policy "${policy}" called effect "${effect}". A policy only decides whether effects get out; move the call into a service.`,
    );
  }
}
