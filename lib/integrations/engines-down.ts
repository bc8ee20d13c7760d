import type { DispatchContext } from '../core/model/dispatch-context.js';

/**
 * Notes the engines that flushes have waited for in vain. A flush waits for each engine once,
 * even if its effects go there in several parts, or between those of other executors.
 *
 * @internal
 */
export class EnginesDown {
  private readonly byFlush = new WeakMap<object, Map<unknown, unknown>>();

  /**
   * Returns the engines that this flush no longer waits for, each with the reason.
   *
   * @param context undefined where an executor is called without a flush
   */
  in(context: DispatchContext | undefined): Map<unknown, unknown> {
    if (context === undefined) return new Map();
    let down = this.byFlush.get(context.flush);
    if (down === undefined) this.byFlush.set(context.flush, (down = new Map()));
    return down;
  }
}
