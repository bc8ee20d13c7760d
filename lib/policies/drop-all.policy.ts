import type { Policy } from '../core/model/policy.js';

/**
 * Drops everything at the flush: dry runs, backfills, replays.
 *
 * @example
 * ```ts
 * await runInScope({ policy: DropAll }, () => orders.place(order.id));
 * ```
 *
 * @publicApi
 */
export class DropAll implements Policy {
  allows(): boolean {
    return false;
  }
}
