import { messageOf, stacksOf } from '../../errors/thrown.js';

/**
 * Logs something, and falls back on `console.error` if that throws: an error of a logger, or of
 * printing an error, must not fail work that is done (rule 9).
 *
 * @param tell logs it
 * @param what an error, or a message
 * @internal
 */
export function logSafely(tell: () => void, what: unknown): void {
  try {
    tell();
  } catch (problem) {
    try {
      const stacks = stacksOf(what);
      console.error(
        `${stacks === '' ? messageOf(what) : stacks}\n(It could not be logged: ${messageOf(problem)})`,
      );
    } catch {
      // Nobody is left to hear it.
    }
  }
}
