import type { DispatchContext } from '../core/model/dispatch-context.js';

/**
 * Notes the engines that flushes have waited for in vain. A flush waits for each engine once,
 * even if its effects go there in several parts, or between those of other executors.
 *
 * @internal
 */
export class Patience {
  private readonly ends = new WeakMap<object, Map<unknown, unknown>>();

  /**
   * Returns the engines that this flush no longer waits for, each with the reason.
   *
   * @param context undefined where an executor is called without a flush
   */
  spentIn(context: DispatchContext | undefined): Map<unknown, unknown> {
    if (context === undefined) return new Map();
    let spent = this.ends.get(context.flush);
    if (spent === undefined) this.ends.set(context.flush, (spent = new Map()));
    return spent;
  }
}
