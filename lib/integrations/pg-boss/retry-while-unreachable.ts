import {
  EngineUnreachableError,
  type EngineProblem,
} from '../../errors/engine-unreachable.error.js';
import { type Deadline, TimedOut } from '../../core/model/deadline.js';
import { withoutPayload } from '../without-payload.js';

const PAUSE_MS = 100;

/**
 * Codes that say that nothing was done: nobody was there, or it was a standby, which refuses writes
 * (25006).
 */
const REFUSALS = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  '57P03',
  '25006',
];
/**
 * Codes of a connection that broke, `admin_shutdown` and `crash_shutdown` of PostgreSQL among them.
 */
const BREAKS = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02'];
/** Messages of errors of `pg` without a code. */
const TEXTS = ['Connection terminated', 'timeout exceeded when trying to connect'];

/** `invalid_password` and `invalid_authorization_specification`. */
const LOGINS = ['28P01', '28000'];

/**
 * Runs work on PostgreSQL, again and again while PostgreSQL cannot be reached, as during its
 * restart.
 *
 * @param consequence of giving up, for the message
 * @param sends given for work that sends effects; work that is not repeatable fails at the first
 *   failure
 * @throws EngineUnreachableError if the time is over before it succeeded, or PostgreSQL refuses the
 * password; any other error at once, without what was sent
 * @internal
 */
export async function retryWhileUnreachable<T>(
  deadline: Deadline,
  consequence: string,
  work: () => Promise<T>,
  sends?: { readonly isRepeatable: boolean },
): Promise<T> {
  let delivery: EngineUnreachableError['delivery'] = 'not sent';
  /** Reason of the last failure: at the end of the time an attempt may be under way without one. */
  let reason: unknown;
  for (;;) {
    try {
      return await deadline.within(work());
    } catch (error) {
      const isLate = error instanceof TimedOut;
      if (!isLate) reason = withoutPayload(error);
      const { code = '', message } = (reason ?? {}) as {
        readonly code?: string;
        readonly message?: string;
      };
      if (LOGINS.includes(code))
        throw unreachable(deadline, delivery, consequence, reason, { kind: 'login', told: code });
      const isBroken = BREAKS.includes(code) || TEXTS.some((text) => message?.startsWith(text));
      const isUnreachable = isBroken || REFUSALS.includes(code);
      if (!isLate && !(isUnreachable && sends?.isRepeatable !== false)) throw reason;
      if (sends !== undefined && (isLate || isBroken)) delivery = 'unknown';
      if (!isLate && (await deadline.pause(PAUSE_MS))) continue;
      const problem: EngineProblem | undefined =
        code === '25006' ? { kind: 'writes', told: code } : undefined;
      throw unreachable(deadline, delivery, consequence, reason, problem);
    }
  }
}

/** @internal */
export function unreachable(
  { timeoutMs, option }: Pick<Deadline, 'timeoutMs' | 'option'>,
  delivery: EngineUnreachableError['delivery'],
  consequence: string,
  cause?: unknown,
  problem?: EngineProblem,
): EngineUnreachableError {
  const options = cause === undefined ? {} : { cause };
  return new EngineUnreachableError(
    'The PostgreSQL of pg-boss',
    timeoutMs,
    delivery,
    consequence,
    options,
    problem,
    option,
  );
}
