import { EffectTimeoutError } from '../../errors/effect-timeout.error.js';
import { causeOf } from '../../errors/thrown.js';
import { ObservedEnd } from '../results/completion.js';
import type { EffectContext } from '../scope/effect-context.js';
import type { Executor } from '../model/executor.js';
import type { Intent } from '../model/intent.js';
import { clearTimeout, setTimeout } from '../model/timers.js';

/**
 * The time limit of an effect: its own, else the executor's, else the application's; none for an
 * executor that limits its waiting itself.
 * @internal
 */
export function timeLimitOf(
  { timeoutMs }: Executor,
  own: number | false | undefined,
  standard: number | false,
): number | false {
  return timeoutMs === false ? false : (own ?? timeoutMs ?? standard);
}

/** Ends as `completion` does, or at the limit; how it ends after that is logged. @internal */
export function within<T>(
  timeoutMs: number | false,
  completion: PromiseLike<T>,
  intent: Intent,
  context: EffectContext,
): Promise<T> {
  if (timeoutMs === false) return Promise.resolve(completion);
  return new Promise<T>((resolve, reject) => {
    let expired: EffectTimeoutError | undefined;
    const timer = setTimeout(() => {
      expired = new EffectTimeoutError(intent.name, timeoutMs, context.scope);
      reject(expired);
      context.abort(expired);
      if (completion instanceof ObservedEnd) giveUp(completion, context);
    }, timeoutMs);
    // A query may throw when it is awaited, and an executor in JavaScript may return no Promise.
    Promise.resolve(completion).then(
      (value) => {
        clearTimeout(timer);
        if (expired === undefined) resolve(value);
        else
          context.host.warn(
            `${lateEnd(expired)} without an error. It was reported as failed already.`,
          );
      },
      (error: unknown) => {
        clearTimeout(timer);
        if (expired === undefined) reject(error as Error);
        else if (isAbort(error, expired))
          context.host.warn(`${lateEnd(expired)} when its signal aborted it.`);
        else
          context.host.logError(new Error(`${lateEnd(expired)} with an error.`, { cause: error }));
      },
    );
  });
}

/** Unsubscribes, since the Observable might emit for ever. */
function giveUp(observed: ObservedEnd, { host }: EffectContext): void {
  try {
    observed.giveUp();
  } catch (error) {
    host.logError(error);
  }
}

/**
 * True for the reason that a signal was aborted with, and for an `AbortError` with that reason as
 * its cause. Functions such as `fetch` fail with these.
 */
function isAbort(error: unknown, reason: EffectTimeoutError): boolean {
  return error === reason || causeOf(error) === reason;
}

function lateEnd({ effect, scope, timeoutMs }: EffectTimeoutError): string {
  return `Effect "${effect}", let out by scope "${scope}", ended after its time limit of ${timeoutMs} ms,`;
}
