import type { Outcome } from '../../core/model/scope-view.js';

/** Names of the errors that say a job goes on later; BullMQ knows them by name too. */
const GOES_ON_LATER = new Set(['DelayedError', 'WaitingChildrenError', 'WaitingError']);

/**
 * Tells the outcome of an attempt of a BullMQ job by its error. An attempt that has put its job
 * off, as a step job that waits for its children does, has completed. For workers made by hand;
 * entry points do so by themselves.
 *
 * @example
 * ```ts
 * import { Worker } from 'bullmq';
 *
 * const worker = new Worker<{ id: number }>(
 *   'orders',
 *   ({ name, data }) =>
 *     airlock.run({ name, outcomeOf: outcomeOfJob }, () => orders.place(data.id)),
 *   { connection: { url } },
 * );
 * ```
 *
 * @publicApi
 */
export function outcomeOfJob(error: unknown): Outcome {
  return error instanceof Error && GOES_ON_LATER.has(error.name) ? 'completed' : 'failed';
}
