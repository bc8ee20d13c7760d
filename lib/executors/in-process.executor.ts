import { type Executor, type Intent, invoke } from '../core/intent.js';

/**
 * Runs effects in this process, right where the scope flushes: at most once, lost if the process dies in between.
 *
 * @publicApi
 */
export class InProcessExecutor implements Executor {
  execute(intent: Intent): unknown {
    return invoke(intent);
  }
}
