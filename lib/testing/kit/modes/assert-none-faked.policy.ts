import type { Intent } from '../../../core/model/intent.js';
import { AssertNoEffects } from '../../../policies/assert-no-effects.policy.js';
import type { IsFaked } from './is-faked.js';

/**
 * `AssertNoEffects` for the effects that a test fakes. The recorder notes each, as the caller may
 * swallow the error.
 * @internal
 */
export class AssertNoneFaked extends AssertNoEffects {
  constructor(
    private readonly isFaked: IsFaked,
    private readonly onRefused: (intent: Intent) => void,
  ) {
    super();
  }

  override onEnqueue(intent: Intent): void {
    if (!this.isFaked(intent)) return;
    this.onRefused(intent);
    super.onEnqueue(intent);
  }
}
