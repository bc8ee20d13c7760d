import type { DispatchContext } from '../core/model/dispatch-context.js';

/**
 * Notes the engines that flushes have waited for in vain. A flush waits for each once, however
 * often its effects come to it: between those of other executors, or in several parts.
 *
 * @internal
 */
export class Patience {
  private readonly ends = new WeakMap<object, Map<unknown, unknown>>();

  /**
   * The engines that this flush waits for no more, each with why. @param context absent where an
   * executor is called without a flush
   */
  spentIn(context: DispatchContext | undefined): Map<unknown, unknown> {
    if (context === undefined) return new Map();
    let spent = this.ends.get(context.flush);
    if (spent === undefined) this.ends.set(context.flush, (spent = new Map()));
    return spent;
  }
}
