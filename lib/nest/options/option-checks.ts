import {
  A_DURATION,
  A_TIME_LIMIT,
  A_WAITING_TIME,
  isDuration,
  isTimeLimit,
} from '../../core/model/duration.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/** Checks the value of one option. @throws AirlockOptionsError @internal */
export type OptionCheck = (key: string, value: unknown) => void;

/** @internal */
export const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @internal */
export const expectThat =
  (what: string, holds: (value: unknown) => boolean): OptionCheck =>
  (key, value) => {
    if (!holds(value)) throw AirlockOptionsError.expected(key, what, value);
  };

/** @internal */
export const text = expectThat(
  'a non-empty string',
  (value) => typeof value === 'string' && value !== '',
);
/** @internal */
export const flag = expectThat('true or false', (value) => typeof value === 'boolean');
/** @internal */
export const func = expectThat('a function', (value) => typeof value === 'function');
/** @internal */
export const record = expectThat('an object', isRecord);
/** @internal */
export const positiveInteger = expectThat(
  'a positive integer',
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
);
/** Checks a duration in milliseconds that a timer can wait for. @internal */
export const duration = expectThat(A_DURATION, isDuration);
/** Checks a duration in milliseconds that is longer than nothing. @internal */
export const waitingTime = expectThat(A_WAITING_TIME, (value) => isDuration(value) && value > 0);
/** @internal */
export const timeLimit = expectThat(A_TIME_LIMIT, isTimeLimit);
/** @internal */
export const oneOf = (...values: readonly string[]): OptionCheck =>
  expectThat(values.map((value) => `'${value}'`).join(' or '), (value) =>
    values.includes(value as string),
  );
/** @internal */
export const dispatchTime = oneOf('beforeResponse', 'afterResponse');
/** @internal */
export const texts = expectThat(
  'a non-empty array of strings',
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && item !== ''),
);

/**
 * Checks options by shape; `undefined` means the default.
 *
 * @throws AirlockOptionsError naming the key, the value found and, for an unknown key, the known
 *   ones
 * @internal
 */
export function checkOptions(
  options: unknown,
  known: Readonly<Record<string, OptionCheck>>,
  prefix = '',
): void {
  if (!isRecord(options)) throw AirlockOptionsError.expected('options', 'an object', options);
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, key)) {
      throw new AirlockOptionsError(
        prefix + key,
        `Unknown option \`${prefix}${key}\`. Known options: ${Object.keys(known).join(', ')}.`,
      );
    }
    if (value !== undefined) known[key]!(prefix + key, value);
  }
}
