import { AirlockError } from './airlock.error.js';

/**
 * A policy refused an effect at its call.
 *
 * @publicApi
 */
export class PolicyViolationError extends AirlockError {
  protected static override readonly brandName = 'PolicyViolationError';

  constructor(
    readonly policy: string,
    readonly effect: string,
    readonly origin?: string,
  ) {
    super(
      'AIRLOCK_POLICY_VIOLATION',
      `Policy "${policy}" does not permit effect "${effect}"${origin === undefined ? '' : ` in "${origin}"`}. Remove the call, or the policy from this path.`,
    );
  }
}
