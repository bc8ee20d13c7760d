import type { AirlockRuntime } from '../../../core/runtime.js';
import type { Policy } from '../../../core/model/policy.js';
import { type Intent, invoke } from '../../../core/model/intent.js';
import { outsideFrames } from '../../../core/frame/current-frame.js';

/**
 * Runs an effect after it was let out, as a worker would: in a scope of its own, which drops the
 * calls of the effect if it fails.
 *
 * @param policies of the scope that let it out, which hold for what it enqueues (rule 19)
 * @throws what the effect throws; DispatchError for what it enqueued
 * @internal
 */
export async function runDetached(
  runtime: AirlockRuntime,
  intent: Intent,
  policies: readonly Policy[],
): Promise<void> {
  const narrower = policies.filter((policy) => !runtime.policies.includes(policy));
  const prepared = runtime.prepare({ name: `effect ${intent.name}`, policy: narrower });
  await outsideFrames(() => runtime.runJob(intent, prepared, () => invoke(intent)));
}
