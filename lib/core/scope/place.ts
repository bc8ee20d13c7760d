import { AsyncLocalStorage } from 'node:async_hooks';

/** Place of code: its context, with scope and policies, and the frame of its transaction. */
interface Place {
  readonly context: unknown;
  readonly frame: unknown;
}

/**
 * The place of the running code. One storage for both: up to Node 22 each Promise of the process
 * carries the value of each storage, and the second one costs more than the first.
 *
 * @internal
 */
export const places = new AsyncLocalStorage<Place>();
