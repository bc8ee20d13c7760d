import { type EffectRunMessage, effectRuns } from '../model/diagnostics.js';

/**
 * Publishes the run of an effect: `start` and `end` around its synchronous part, `asyncStart` and
 * `asyncEnd` if it ends later, `error` if it fails. Stores that subscribers bind to `start` are set
 * during the run. To be called only if somebody listens.
 *
 * @internal
 */
export function traced<T>(
  message: EffectRunMessage,
  begin: () => PromiseLike<T> | undefined,
): PromiseLike<T> | undefined {
  const { start, end, error, asyncStart, asyncEnd } = effectRuns;
  const fail = (problem: unknown): never => {
    message.error = problem;
    error.publish(message);
    throw problem;
  };
  const endLater = (): void => {
    asyncStart.publish(message);
    asyncEnd.publish(message);
  };
  return start.runStores(message, () => {
    let completion: PromiseLike<T> | undefined;
    try {
      completion = begin();
    } catch (problem) {
      return fail(problem);
    } finally {
      end.publish(message);
    }
    return completion?.then(
      (value) => (endLater(), value),
      (problem: unknown) => {
        try {
          return fail(problem);
        } finally {
          endLater();
        }
      },
    );
  });
}
