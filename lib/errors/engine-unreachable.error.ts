import { AirlockError, type ErrorCause } from './airlock.error.js';

/**
 * Reason why an engine that answers cannot be used: it refuses the `login` of this application, or
 * takes no `writes`, as a replica does. `told` is the engine's own code for it.
 *
 * @publicApi
 */
export interface EngineProblem {
  readonly kind: 'login' | 'writes';
  readonly told: string;
}

/** Option that bounds how long an engine is waited for. */
export type TimeLimitOption = 'dispatchTimeoutMs' | 'effectTimeoutMs' | 'timeoutMs';

/**
 * An engine that carries effects to their workers, such as Redis, could not be reached in time.
 *
 * @publicApi
 */
export class EngineUnreachableError extends AirlockError {
  protected static override readonly brandName = 'EngineUnreachableError';

  /**
   * @param engine what did not answer, as `Redis at 127.0.0.1:6379`
   * @param timeoutMs milliseconds that were waited; undefined if this application has closed the
   *   connection itself
   * @param delivery `not sent` if none of the effects left; `unknown` if the connection broke
   *   before the engine had answered
   * @param problem the reason that the engine gives; undefined if it does not answer
   * @param limit the option that allows more time
   */
  constructor(
    readonly engine: string,
    readonly timeoutMs: number | undefined,
    readonly delivery: 'not sent' | 'unknown',
    consequence: string,
    options?: ErrorCause,
    readonly problem?: EngineProblem,
    limit: TimeLimitOption = 'dispatchTimeoutMs',
  ) {
    super(
      'AIRLOCK_ENGINE_UNREACHABLE',
      messageOf(engine, timeoutMs, consequence, problem, limit),
      options,
    );
  }
}

function messageOf(
  engine: string,
  timeoutMs: number | undefined,
  consequence: string,
  problem: EngineProblem | undefined,
  limit: string,
): string {
  if (timeoutMs === undefined)
    return `The connection to ${engine} was closed when this application shut down: ${consequence}. End its work before that.`;
  switch (problem?.kind) {
    case undefined:
      return (
        `${engine} did not answer within ${timeoutMs} ms: ${consequence}. ` +
        `See that it runs and that its address is right, or allow more time with \`${limit}\`.`
      );
    case 'login':
      return (
        `${engine} refused the password (${problem.told}): ${consequence}. ` +
        'See that user and password are those that it knows, and that this user may do what is asked.'
      );
    case 'writes':
      return (
        `${engine} took no writes for ${timeoutMs} ms (${problem.told}): ${consequence}. ` +
        `See that its address leads to the primary, and not to a replica, or allow more time with \`${limit}\`.`
      );
  }
}
