import type { EngineProblem } from '../../errors/engine-unreachable.error.js';

/** Names of ioredis errors that say only that the connection of a command was missing or broke. */
const NAMES = ['MaxRetriesPerRequestError', 'AbortError', 'ConnectionClosedError'];
const CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
];
const TEXTS = [
  'Connection is closed',
  "Stream isn't writeable",
  'Command timed out',
  'Socket closed unexpectedly',
];

/** @internal */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code = '' } = error as Error & { readonly code?: string };
  return (
    NAMES.includes(name) || CODES.includes(code) || TEXTS.some((text) => message.includes(text))
  );
}

/**
 * Matches the answers of a Redis that cannot be written to now: it has become a replica, it is
 * loading its data, or its cluster is incomplete. It has done nothing, and the same address may
 * lead to another Redis later. UNBLOCKED is the answer to a worker whose wait a failover ends.
 */
const ELSEWHERE = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|UNBLOCKED)\b/;

/** @internal */
export function isElsewhere(error: unknown): boolean {
  return error instanceof Error && ELSEWHERE.test(error.message);
}

/**
 * Returns the reason, by an error of Redis, why effects cannot get there; undefined if the error
 * does not say.
 * @internal
 */
export function problemOf(error: unknown): EngineProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const [code = ''] = error.message.split(' ', 1);
  if (
    ['WRONGPASS', 'NOAUTH', 'NOPERM'].includes(code) ||
    /invalid password|without any password/.test(error.message)
  ) {
    return { kind: 'login', told: code };
  }
  return isElsewhere(error) ? { kind: 'writes', told: code } : undefined;
}

/**
 * True if Redis has lost the scripts of BullMQ, as after `SCRIPT FLUSH`. Within a transaction
 * ioredis does not send them again.
 * @internal
 */
export function isScriptGone(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/**
 * Returns the error of a command in a refused transaction: that of the transaction does not say
 * why. @internal
 */
export function mostTelling(error: unknown): unknown {
  const { previousErrors } = error as { readonly previousErrors?: readonly unknown[] };
  return previousErrors?.[0] ?? error;
}
