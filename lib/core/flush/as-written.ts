import type { Executor } from '../model/executor.js';
import { type Intent, restamped, stampOf } from '../model/intent.js';
import type { PolicyPath } from '../model/policy.js';

/**
 * Makes the intent for the successor of its executor: policies and keys have had their say.
 * @internal
 */
export function asWritten(intent: Intent, executor: Executor, successor: Executor): Intent {
  const stamp = stampOf(intent);
  const { dedupeKey: _, ...options } = stamp.options;
  const path = Object.create(stamp.path, { gates: { value: undefined } }) as PolicyPath;
  const handedOn = { ...stamp, options, path, executor: successor, calledWith: executor };
  const isWritten = executor.hasWritten?.(intent) ?? true;
  return restamped(intent, isWritten ? { ...handedOn, isWritten } : handedOn);
}
