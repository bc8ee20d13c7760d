import { setTimeout as sleep } from 'node:timers/promises';
import { clearTimeout, setTimeout } from './timers.js';
import type { TimeLimitOption } from '../../errors/engine-unreachable.error.js';

/** Error of a wait that took too long. @internal */
export class TimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`It did not end within ${timeoutMs} ms.`);
  }
}

/** A point in time that several waits share. @internal */
export class Deadline {
  private readonly endsAt: number;

  /** @param option the one that allows more time, for messages */
  constructor(
    readonly timeoutMs: number,
    readonly option?: TimeLimitOption,
  ) {
    this.endsAt = performance.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.endsAt - performance.now());
  }

  /** @throws TimedOut if `work` has not ended by then; how it ends later is ignored */
  within<T>(work: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new TimedOut(this.timeoutMs)), this.leftMs);
      const ending =
        <V>(settle: (value: V) => void) =>
        (value: V): void => {
          clearTimeout(timer);
          settle(value);
        };
      Promise.resolve(work).then(ending(resolve), ending(reject));
    });
  }

  /** Waits before something is tried again. @returns false if no time is left for that */
  async pause(ms: number): Promise<boolean> {
    if (performance.now() + ms >= this.endsAt) return false;
    await sleep(ms);
    return true;
  }
}
