import { EffectTimeoutError } from '../../errors/effect-timeout.error.js';
import { MissingResultError } from '../../errors/missing-result.error.js';
import type { EffectContext } from '../scope/effect-context.js';
import { policyName } from '../model/policy.js';
import type { Executor } from '../model/executor.js';
import type { Intent } from '../model/intent.js';
import { runBatch } from './run-intent.js';

/** Ends of a batch: the error of each intent that failed. */
interface BatchEnd {
  readonly failures: ReadonlyMap<Intent, unknown>;
  /** False where the batch failed as a whole. */
  readonly hasCompleted: boolean;
}

/**
 * Runs a batch and collects the ends of its intents; one without a result has failed. Never
 * rejects.
 * @internal
 */
export async function endOfBatch(
  executor: Executor,
  batch: readonly Intent[],
  context: EffectContext,
  flush: object,
): Promise<BatchEnd> {
  const failures = new Map<Intent, unknown>();
  const missing = new Set(batch);
  try {
    // Results are read in here: one may be an object that throws when it is read.
    for (const { intent, error } of await runBatch(executor, batch, context, flush)) {
      missing.delete(intent);
      if (error !== undefined) failures.set(intent, error);
      else failures.delete(intent);
    }
  } catch (error) {
    for (const intent of batch) failures.set(intent, errorFor(intent, error));
    return { failures, hasCompleted: false };
  }
  for (const intent of missing)
    failures.set(intent, new MissingResultError(policyName(executor), intent.name));
  return { failures, hasCompleted: true };
}

/** The error of one intent, made from the error of its whole batch. */
function errorFor({ name }: Intent, error: unknown): unknown {
  return error instanceof EffectTimeoutError
    ? new EffectTimeoutError(name, error.timeoutMs, error.scope)
    : error;
}
