import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { Deadline, TimedOut } from '../deadline.js';

const PAUSE_MS = 100;

/** Nobody was there, so nothing was sent. */
const REFUSALS = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', '57P03'];
/** The connection broke: `admin_shutdown` and `crash_shutdown` of PostgreSQL among them. */
const BREAKS = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02'];
/** What `pg` says without a code. */
const TEXTS = ['Connection terminated', 'timeout exceeded when trying to connect'];

/**
 * Asks PostgreSQL for something, and again while it cannot be reached, as during its restart.
 *
 * @param consequence of giving up, for the message
 * @param isRepeatable false for what cannot be done twice: then the first failure counts
 * @throws EngineUnreachableError if the time is over before it succeeded; any other error at once
 * @internal
 */
export async function insist<T>(
  timeoutMs: number,
  consequence: string,
  work: () => Promise<T>,
  isRepeatable = true,
): Promise<T> {
  const deadline = new Deadline(timeoutMs);
  let fate: EngineUnreachableError['fate'] = 'not sent';
  for (;;) {
    try {
      return await deadline.within(work());
    } catch (error) {
      const { code = '', message } = (error ?? {}) as { readonly code?: string; readonly message?: string };
      const isLate = error instanceof TimedOut;
      const isBroken = BREAKS.includes(code) || TEXTS.some((text) => message?.startsWith(text));
      const isUnreachable = isBroken || REFUSALS.includes(code);
      if (!isLate && !(isUnreachable && isRepeatable)) throw error;
      if (isLate || isBroken) fate = 'unknown';
      if (!isLate && (await deadline.pause(PAUSE_MS))) continue;
      const cause = isLate ? {} : { cause: error };
      throw new EngineUnreachableError('The PostgreSQL of pg-boss', timeoutMs, fate, consequence, cause);
    }
  }
}
