import type { EngineProblem } from '../../errors/engine-unreachable.error.js';

/**
 * Errors of ioredis that say nothing about the command but that its connection was not there, or
 * broke.
 */
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
 * Redis is there, but it is not the one to write to, or not yet: a replica since a failover, one
 * that still loads its data, a cluster or a primary that lacks the others. Nothing was done; the
 * same address may lead to another one. UNBLOCKED is what workers are told whose wait a failover
 * ends.
 */
const ELSEWHERE = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|UNBLOCKED)\b/;

/** @internal */
export function isElsewhere(error: unknown): boolean {
  return error instanceof Error && ELSEWHERE.test(error.message);
}

/**
 * Tells from an error of Redis what keeps effects from getting there; undefined where it does not
 * say.
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
 * Redis has lost the scripts it was sent, as after `SCRIPT FLUSH`; in a transaction ioredis does
 * not send them again.
 * @internal
 */
export function isScriptGone(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** A refused transaction says no more than that; the commands in it know why. @internal */
export function mostTelling(error: unknown): unknown {
  const { previousErrors } = error as { readonly previousErrors?: readonly unknown[] };
  return previousErrors?.[0] ?? error;
}
