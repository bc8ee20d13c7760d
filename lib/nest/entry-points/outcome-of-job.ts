import type { Outcome } from '../../core/model/scope-view.js';

/** Names of the errors that say a job goes on later; BullMQ knows them by name too. */
const GOES_ON_LATER = new Set(['DelayedError', 'WaitingChildrenError', 'WaitingError']);

/**
 * Tells the outcome of an attempt of a BullMQ job by the error it ends with. One that has put its
 * job off has done what it is to do until then, as a step job that waits for its children has. For
 * workers made by hand; entry points know it.
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
