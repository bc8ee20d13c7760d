import { AsyncLocalStorage } from 'node:async_hooks';
import type { Executor } from '../model/executor.js';
import type { Intent } from '../model/intent.js';

/**
 * Chooses what runs an intent that nothing drops, in place of its executor: how tests keep effects in. Asked per intent, which
 * then goes out alone and not in a batch.
 *
 * @internal
 */
export type Outlet = (intent: Intent, executor: Executor) => Executor;

/** The outlet of whatever is let out in this asynchronous context, before that of the application. @internal */
export const outlets = new AsyncLocalStorage<Outlet>();
