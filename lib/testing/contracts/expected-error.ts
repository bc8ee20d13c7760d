/** The error that cases throw themselves. @internal */
export class ExpectedError extends Error {
  constructor() {
    super('thrown on purpose');
  }
}

/**
 * Runs what has to fail, and swallows its error.
 *
 * @returns that error
 * @throws Error where there is none
 * @internal
 */
export async function swallowed(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('Expected an error, but there was none.');
}
