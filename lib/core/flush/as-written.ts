import type { Executor } from '../model/executor.js';
import { type Intent, restamped, stampOf } from '../model/intent.js';
import type { PolicyPath } from '../model/policy.js';

/** Makes the intent for the successor of the executor that has written it down: policies and keys have had their say. @internal */
export function asWritten(intent: Intent, successor: Executor): Intent {
  const stamp = stampOf(intent);
  const { dedupeKey: _, ...options } = stamp.options;
  const path = Object.create(stamp.path, { gates: { value: undefined } }) as PolicyPath;
  return restamped(intent, { ...stamp, options, path, executor: successor, isWritten: true });
}
