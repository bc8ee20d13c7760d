import type { Executor } from '../model/executor.js';
import type { EnqueueOptions } from '../model/enqueue-options.js';
import { type Intent, restamped, stampOf } from '../model/intent.js';

/**
 * Makes the intent that the successor of its executor gets: without the policies and the key, which
 * it has passed.
 * @internal
 */
export function asWritten(intent: Intent, executor: Executor, successor: Executor): Intent {
  const { frame, birthplace, attempt, on, options, path } = stampOf(intent);
  return restamped(intent, {
    frame,
    birthplace,
    attempt,
    on,
    options: options.dedupeKey === undefined ? options : withoutKey(options),
    path: path.passed,
    executor: successor,
    calledWith: executor,
    isWritten: executor.hasWritten?.(intent) ?? true,
  });
}

function withoutKey(options: EnqueueOptions): EnqueueOptions {
  const { dedupeKey: _, ...others } = options;
  return others;
}
