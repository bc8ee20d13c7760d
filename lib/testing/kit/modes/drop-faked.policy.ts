import type { Intent } from '../../../core/model/intent.js';
import { DropAll } from '../../../policies/drop-all.policy.js';
import type { IsFaked } from './is-faked.js';

/** `DropAll` for the effects that a test fakes. @internal */
export class DropFaked extends DropAll {
  constructor(private readonly isFaked: IsFaked) {
    super();
  }

  override allows(intent?: Intent): boolean {
    return intent !== undefined && !this.isFaked(intent);
  }
}
