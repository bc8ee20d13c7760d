import { type EffectRef, EffectSet } from '../core/effect/effect-ref.js';
import type { Policy } from '../core/model/policy.js';
import type { Intent } from '../core/model/intent.js';
import { PolicyViolationError } from '../errors/policy-violation.error.js';

/** @publicApi */
export interface BlockTasksOptions {
  /**
   * True: a blocked effect is refused at its call with `PolicyViolationError`; false: it is dropped
   * at the flush. @default false
   */
  readonly raiseOnEnqueue?: boolean;
}

/**
 * Blocks these effects, by reference (`MailService.prototype.sendReceipt`) or by name
 * (`'MailService.sendReceipt'`); lets all others pass.
 *
 * @example
 * ```ts
 * await runInScope({ policy: new BlockTasks(['MailService.sendReceipt']) }, () => orders.place(order.id));
 * ```
 *
 * @throws AirlockOptionsError if `effects` is not an iterable of references
 * @publicApi
 */
export class BlockTasks implements Policy {
  readonly #effects: EffectSet;
  readonly #raises: boolean;

  constructor(effects: Iterable<EffectRef>, { raiseOnEnqueue = false }: BlockTasksOptions = {}) {
    this.#effects = new EffectSet(effects);
    this.#raises = raiseOnEnqueue;
  }

  get namedEffects(): readonly EffectRef[] {
    return this.#effects.refs;
  }

  onEnqueue(intent: Intent): void {
    if (this.#raises && this.#effects.has(intent))
      throw new PolicyViolationError('BlockTasks', intent.name, intent.origin);
  }

  allows(intent: Intent): boolean {
    return !this.#effects.has(intent);
  }
}
