import { MessageChannel } from 'node:worker_threads';

/** Wait in real time. */
interface RealTime {
  /** Resolves to undefined when it is over. */
  readonly isOver: Promise<undefined>;
  /** Lets go of the process, which stays alive until then. */
  end(): void;
}

/** Longest time that timers take. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits in real time although a test may have put fakes in the place of all timers, even before
 * this file was loaded: what is behind `AbortSignal.timeout` nobody can replace.
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
