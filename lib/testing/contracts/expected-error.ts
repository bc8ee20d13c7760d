/** Error that cases throw on purpose. @internal */
export class ExpectedError extends Error {
  constructor() {
    super('thrown on purpose');
  }
}

/**
 * Runs work that has to fail, and swallows its error.
 *
 * @returns that error
 * @throws Error if there is none
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
