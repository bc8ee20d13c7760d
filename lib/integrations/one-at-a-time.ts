/**
 * Asks a question that may never be answered: once, however many give up waiting for it. Who asks
 * meanwhile is given the same answer.
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
