import { MessageChannel } from 'node:worker_threads';

/** Wait in real time. */
interface RealTime {
  /** Resolves to undefined when it is over. */
  readonly isOver: Promise<undefined>;
  /** Ends the wait, which keeps the process alive until then. */
  end(): void;
}

/** Longest time that timers take. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits in real time, although a test may have replaced all timers, even before this file was
 * loaded: nobody can replace the timer of `AbortSignal.timeout`.
 *
 * @internal
 */
export function realTime(ms: number): RealTime {
  const signal = AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(ms)), LONGEST));
  // The signal alone does not keep a process alive.
  const { port1: alive } = new MessageChannel();
  alive.ref();
  return {
    isOver: new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    ),
    end: () => alive.close(),
  };
}
