import { isMarked, type WrappedEntryPoint } from './entry-point.js';

interface WorkerHost {
  /** Throws before the worker exists, which it never does under manual registration. */
  readonly worker: { close(): Promise<void> };
}

/**
 * A job attempt: `process` of a class with `@Processor()`. Listeners of worker and queue events are told what has happened
 * and are no units of work.
 *
 * At shutdown the workers are closed before scopes are refused, so that no job starts only to fail.
 *
 * @internal
 */
export const bullmq: WrappedEntryPoint = {
  name: 'bullmq',
  find: ({ type, methods }) =>
    isMarked(type, 'bullmq:processor_metadata') ? methods.filter((name) => name === 'process') : [],
  async stop(instance) {
    let worker: WorkerHost['worker'];
    try {
      ({ worker } = instance as WorkerHost);
    } catch {
      return;
    }
    await worker?.close();
  },
};
