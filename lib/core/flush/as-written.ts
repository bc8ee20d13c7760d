import type { Executor } from '../model/executor.js';
import { type Intent, restamped, stampOf } from '../model/intent.js';

/**
 * Makes the intent for the successor of its executor: policies and keys have had their say.
 * @internal
 */
export function asWritten(intent: Intent, executor: Executor, successor: Executor): Intent {
  const stamp = stampOf(intent);
  const { dedupeKey: _, ...options } = stamp.options;
  const path = stamp.path.passed;
  const handedOn = { ...stamp, options, path, executor: successor, calledWith: executor };
  const isWritten = executor.hasWritten?.(intent) ?? true;
  return restamped(intent, isWritten ? { ...handedOn, isWritten } : handedOn);
}
