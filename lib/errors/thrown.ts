import { isNativeError } from 'node:util/types';

// Thrown values as strings. They may be anything: a revoked proxy, an error whose `message` is a
// getter that throws or whose `name` is a symbol, ten thousand errors in one, an endless chain of
// causes. Nothing here throws, and the length of each string is limited.

/** Limit of the errors that are named of an `AggregateError`, and of the causes of one error. */
const FIRST = 20;
/** Limit of the stacks in one string, with all causes and errors. */
const MOST = 100;
const LONGEST_MESSAGE = 2_000;
const LONGEST_STACK = 10_000;

/**
 * `instanceof Error` for a value that may refuse to be read, or is of another realm: an error of
 * `better-sqlite3` is no native error, and belongs to the realm that has loaded the library first.
 * @internal
 */
export function isError(thrown: unknown): thrown is Error {
  if (isNativeError(thrown)) return true;
  try {
    if (thrown instanceof Error) return true;
    const { message, stack } = Object(thrown) as Partial<Error>;
    return typeof message === 'string' && typeof stack === 'string';
  } catch {
    return false;
  }
}

/** The message of an error; any other thrown value as a string. @internal */
export function messageOf(thrown: unknown): string {
  if (!isError(thrown)) return textOf(thrown);
  const message = read(thrown, 'message');
  return typeof message === 'string' && message !== ''
    ? cut(message, LONGEST_MESSAGE)
    : nameOf(thrown);
}

/** The class and the message of an error, as `TypeError: no such queue`. @internal */
export function titleOf(thrown: unknown): string {
  if (!isError(thrown)) return textOf(thrown);
  const message = read(thrown, 'message');
  return typeof message === 'string'
    ? `${nameOf(thrown)}: ${cut(message, LONGEST_MESSAGE)}`
    : nameOf(thrown);
}

/** The class of an error; the type of any other thrown value. @internal */
export function kindOf(thrown: unknown): string {
  return isError(thrown) ? nameOf(thrown) : thrown === null ? 'null' : typeof thrown;
}

/** The `code` of an error, as `ECONNREFUSED`; undefined if it has none. @internal */
export function codeOf(thrown: unknown): string | undefined {
  const code = isError(thrown) ? read(thrown, 'code') : undefined;
  const text = typeof code === 'string' || typeof code === 'number' ? `${code}` : '';
  return /^[\w.-]{1,60}$/.test(text) ? text : undefined;
}

/** @internal */
export function causeOf(thrown: unknown): unknown {
  return isError(thrown) ? read(thrown, 'cause') : undefined;
}

/**
 * Returns the stacks of an error and of its causes. The stack of an `AggregateError` is left out:
 * it only shows where its errors were collected.
 *
 * @internal
 */
export function stacksOf(thrown: unknown): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  const open: Next[] = [{ value: thrown, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (stacks.length === MOST) return [...stacks, '… and more'].join('\n');
    if (next.note !== undefined) stacks.push(next.note);
    const { value, depth } = next;
    if (!isError(value) || seen.has(value)) continue;
    seen.add(value);
    const several = severalIn(value);
    if (several === undefined) stacks.push(stackOf(value));
    const cause = read(value, 'cause');
    if (cause !== undefined)
      open.push(
        depth === FIRST
          ? { note: '… and what caused it', depth }
          : { value: cause, depth: depth + 1 },
      );
    if (several === undefined) continue;
    if (several.length > FIRST) open.push({ note: `… and ${several.length - FIRST} more`, depth });
    for (const error of several.slice(0, FIRST).reverse())
      open.push({ value: error, depth: depth + 1 });
  }
  return stacks.join('\n');
}

/** Lists the first items, and the number of the others. @internal */
export function listed<T>(
  items: readonly T[],
  text: (item: T) => string,
  separator = ', ',
): string {
  const first = items.slice(0, FIRST).map(text);
  if (items.length > FIRST) first.push(`… and ${items.length - FIRST} more`);
  return first.join(separator);
}

interface Next {
  readonly value?: unknown;
  /** Replaces stacks that are left out. */
  readonly note?: string;
  readonly depth: number;
}

/**
 * The errors in an `AggregateError`; undefined for any other error, and for one without errors, as
 * of `Promise.any([])`, whose own stack is to be shown.
 */
function severalIn(error: Error): readonly unknown[] | undefined {
  const errors = read(error, 'errors');
  try {
    return error instanceof AggregateError && Array.isArray(errors) && errors.length > 0
      ? errors
      : undefined;
  } catch {
    return undefined;
  }
}

function stackOf(error: Error): string {
  const stack = read(error, 'stack');
  return typeof stack === 'string' ? cut(stack, LONGEST_STACK) : titleOf(error);
}

function nameOf(error: Error): string {
  const name = read(error, 'name');
  return typeof name === 'string' && name !== '' ? cut(name, LONGEST_MESSAGE) : 'Error';
}

/**
 * Prints a thrown value; of an object only its kind, since its content may be secret and its
 * `toString` anything.
 */
function textOf(value: unknown): string {
  if (Object(value) !== value) return cut(String(value), LONGEST_MESSAGE);
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return 'something that cannot be read';
  }
}

function read(
  error: Error,
  key: 'name' | 'code' | 'message' | 'stack' | 'cause' | 'errors',
): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function cut(text: string, longest: number): string {
  return text.length <= longest
    ? text
    : `${text.slice(0, longest)}… (${text.length - longest} more letters)`;
}
