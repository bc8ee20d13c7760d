import { AsyncLocalStorage } from 'node:async_hooks';
import type { Executor } from '../model/executor.js';
import type { Intent } from '../model/intent.js';

/**
 * Chooses what runs an intent in place of its executor, so that tests can keep effects in. Asked
 * for each intent that goes out; the intent then goes out alone, and not in a batch.
 *
 * @internal
 */
export type ExecutorOverride = (intent: Intent, executor: Executor) => Executor;

/**
 * The override for whatever is dispatched in this asynchronous context; asked before the
 * application's own.
 * @internal
 */
export const executorOverrides = new AsyncLocalStorage<ExecutorOverride>();
