import { AirlockError } from '../errors/airlock.error.js';
import { masked } from '../errors/masked.js';
import { isError } from '../errors/thrown.js';

/** Properties of an error that say nothing about what was sent. */
const PLAIN = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
  'code',
  'errno',
  'syscall',
  'address',
  'port',
]);
/** Further such properties, of PostgreSQL. */
const TELLING = ['severity', 'routine', 'schema', 'table', 'constraint'];
/**
 * Properties that database clients add to the error of their driver, with the statement and its
 * values. These are in the message too.
 */
const QUOTES = ['query', 'sql', 'params', 'parameters', 'bindings'];
const DRIVERS = ['driverError', 'original', 'parent', 'cause'];
/** Number of causes that are kept. */
const DEPTH = 5;

/**
 * Removes from an error of an engine what was sent to it. Clients put arguments of effects,
 * passwords and rows into properties of their errors, and some into the message. None of that may
 * reach messages, logs and diagnostics.
 *
 * @returns the same error if it carries nothing; else a copy with its name, text, code and stack
 * @internal
 */
export function withoutPayload(error: unknown, depth = 0): unknown {
  if (error === undefined || error instanceof AirlockError) return error;
  // Clients of Nest also reject with strings.
  if (typeof error === 'string') return new Error(masked(error));
  if (!isError(error)) {
    // The client of RabbitMQ rejects with an object that holds the error and the URL.
    const inner: unknown = Object.values(Object(error) as object).find(isError);
    return inner === undefined
      ? new Error('The engine failed without an error.')
      : withoutPayload(inner, depth + 1);
  }
  const source = driverErrorIn(error);
  const text = textOf(source);
  const cause =
    depth < DEPTH && source.cause !== undefined
      ? withoutPayload(source.cause, depth + 1)
      : undefined;
  if (source === error && text === error.message && cause === error.cause && isPlain(error, depth))
    return error;
  const copy = new Error(text, cause === undefined ? {} : { cause });
  const { code } = source as { readonly code?: unknown };
  Object.defineProperty(copy, 'name', { value: source.name, configurable: true, writable: true });
  if (typeof code === 'string' || typeof code === 'number') Object.assign(copy, { code });
  for (const key of TELLING) {
    const value = (source as unknown as Record<string, unknown>)[key];
    if (typeof value === 'string') Object.assign(copy, { [key]: value });
  }
  copy.stack = `${source.name}: ${text}${framesOf(source)}`;
  return copy;
}

/**
 * `withoutPayload` for an error that whoever has asked a client expects from it: the same error,
 * which is still of the client's class and carries that of the driver.
 *
 * @internal
 */
export function removePayload(error: Error): void {
  const told = withoutPayload(error) as Error;
  if (told === error) return;
  for (const key of Object.getOwnPropertyNames(error)) {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (DRIVERS.includes(key) && isError(value)) hide(error, key, withoutPayload(value));
    else if (!PLAIN.has(key) && !TELLING.includes(key)) Reflect.deleteProperty(error, key);
  }
  hide(error, 'message', told.message);
  hide(error, 'stack', told.stack);
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

function driverErrorIn(error: Error): Error {
  let found = error;
  for (let depth = 0; depth < DEPTH && QUOTES.some((key) => key in found); depth++) {
    const inner = DRIVERS.map((key) => (found as unknown as Record<string, unknown>)[key]).find(
      (value) => value instanceof Error && value !== found,
    );
    if (inner === undefined) break;
    found = inner as Error;
  }
  return found;
}

/**
 * PostgreSQL, MySQL and MariaDB quote the value that they cannot read, in errors of these codes.
 */
function textOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  const text = masked(error.message);
  if (/^22[0-9A-Z]{3}$/.test(String(code))) return text.replace(/: "[^]*$/, '');
  return /^ER_(PARSE_ERROR|TRUNCATED_WRONG_VALUE\w*)$/.test(String(code))
    ? text.replace(/(:| near) '[^]*$/, '')
    : text;
}

function isPlain(error: Error, depth: number): boolean {
  if (Object.keys(error).some((key) => !PLAIN.has(key) && !TELLING.includes(key))) return false;
  if (!(error instanceof AggregateError)) return true;
  return depth < DEPTH && error.errors.every((inner) => withoutPayload(inner, depth + 1) === inner);
}

/** Returns the lines of a stack behind the message that it begins with. */
function framesOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? '' : `\n${frames.join('\n')}`;
}
