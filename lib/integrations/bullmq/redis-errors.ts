/** Errors of ioredis that say nothing about the command but that its connection was not there, or broke. */
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
const TEXTS = ['Connection is closed', "Stream isn't writeable", 'Command timed out', 'Socket closed unexpectedly'];

/** @internal */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code = '' } = error as Error & { readonly code?: string };
  return NAMES.includes(name) || CODES.includes(code) || TEXTS.some((text) => message.includes(text));
}

/** Redis has lost the scripts it was sent, as after `SCRIPT FLUSH`; in a transaction ioredis does not send them again. @internal */
export function isScriptGone(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** A refused transaction says no more than that; the commands in it know why. @internal */
export function mostTelling(error: unknown): unknown {
  const { previousErrors } = error as { readonly previousErrors?: readonly unknown[] };
  return previousErrors?.[0] ?? error;
}
