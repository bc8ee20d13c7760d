import type { Intent, Policy } from '../core/intent.js';
import { nameSet } from './name-set.js';

/**
 * Lets only the named effects pass, as `MailService.sendReceipt`; drops all others at the flush.
 *
 * @throws AirlockOptionsError if `names` is not an iterable of strings
 * @publicApi
 */
export class AllowOnly implements Policy {
  readonly names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.names = nameSet(names);
  }

  allows(intent: Intent): boolean {
    return this.names.has(intent.name);
  }
}
