import type { Intent, Policy } from '../core/intent.js';
import { PolicyViolationError } from '../errors/policy-violation.error.js';
import { nameSet } from './name-set.js';

/** @publicApi */
export interface BlockTasksOptions {
  /** True: a blocked effect is refused at its call with `PolicyViolationError`; false: it is dropped at the flush. @default false */
  readonly raiseOnEnqueue?: boolean;
}

/**
 * Blocks effects by name, as `MailService.sendReceipt`; lets all others pass.
 *
 * @throws AirlockOptionsError if `names` is not an iterable of strings
 * @publicApi
 */
export class BlockTasks implements Policy {
  readonly names: ReadonlySet<string>;
  private readonly raises: boolean;

  constructor(names: Iterable<string>, { raiseOnEnqueue = false }: BlockTasksOptions = {}) {
    this.names = nameSet(names);
    this.raises = raiseOnEnqueue;
  }

  onEnqueue(intent: Intent): void {
    if (this.raises && this.names.has(intent.name))
      throw new PolicyViolationError('BlockTasks', intent.name, intent.origin);
  }

  allows(intent: Intent): boolean {
    return !this.names.has(intent.name);
  }
}
