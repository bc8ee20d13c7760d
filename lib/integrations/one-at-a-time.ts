/**
 * Limits a question that may never be answered to one at a time: callers that ask while it is
 * open get its answer.
 *
 * @internal
 */
export function oneAtATime<Facts extends unknown[], Answer>(
  ask: (...facts: Facts) => Promise<Answer>,
): (...facts: Facts) => Promise<Answer> {
  let asked: Promise<Answer> | undefined;
  return (...facts) =>
    (asked ??= ask(...facts).finally(() => {
      asked = undefined;
    }));
}
