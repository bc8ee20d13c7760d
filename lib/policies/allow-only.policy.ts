import { type EffectRef, EffectSet } from '../core/effect/effect-ref.js';
import type { Policy } from '../core/model/policy.js';
import type { Intent } from '../core/model/intent.js';

/**
 * Lets only these effects pass, by reference (`MailService.prototype.sendReceipt`) or by name
 * (`'MailService.sendReceipt'`); drops all others at the flush.
 *
 * @example
 * ```ts
 * AirlockModule.forRoot({ policy: new AllowOnly([MailService.prototype.sendReceipt, 'OrderService.notify']) });
 * ```
 *
 * @throws AirlockOptionsError if `effects` is not an iterable of references
 * @publicApi
 */
export class AllowOnly implements Policy {
  readonly #effects: EffectSet;

  constructor(effects: Iterable<EffectRef>) {
    this.#effects = new EffectSet(effects);
  }

  get namedEffects(): readonly EffectRef[] {
    return this.#effects.refs;
  }

  allows(intent: Intent): boolean {
    return this.#effects.has(intent);
  }
}
