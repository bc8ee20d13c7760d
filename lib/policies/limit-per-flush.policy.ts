import { currentFlush } from '../core/scope/context.js';
import type { Policy } from '../core/model/policy.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';

/**
 * Lets the first `limit` intents of each flush pass, cascades included, and drops the others.
 * Intents that an inner policy has dropped do not count.
 *
 * @example
 * ```ts
 * AirlockModule.forRoot({ policy: new LimitPerFlush(1_000) });
 * ```
 *
 * @throws AirlockOptionsError if `limit` is not a non-negative integer
 * @publicApi
 */
export class LimitPerFlush implements Policy {
  private readonly counts = new WeakMap<object, number>();

  constructor(readonly limit: number) {
    if (!Number.isInteger(limit) || limit < 0)
      throw AirlockOptionsError.expected('limit', 'a non-negative integer', limit);
  }

  allows(): boolean {
    // Asked outside a flush (`passesLocalPolicies`), it cannot know the count yet.
    const flush = currentFlush();
    if (flush === undefined) return this.limit > 0;
    const count = (this.counts.get(flush) ?? 0) + 1;
    this.counts.set(flush, count);
    return count <= this.limit;
  }
}
