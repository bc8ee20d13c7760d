import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/**
 * The longest wait in milliseconds, a little under 25 days: `setTimeout` takes anything longer for
 * 1 ms.
 */
const LONGEST_MS = 2 ** 31 - 1;

/** @internal */
export const A_DURATION = `a number of milliseconds from 0 to ${LONGEST_MS} (24.8 days)`;
/** @internal */
export const A_WAITING_TIME = `a number of milliseconds, more than 0 and at most ${LONGEST_MS} (24.8 days)`;
/** @internal */
export const A_TIME_LIMIT = `false or ${A_WAITING_TIME}`;

/** @internal */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_MS;
}

/** A duration that is not 0, or `false` for no limit. @internal */
export function isTimeLimit(value: unknown): value is number | false {
  return value === false || (isDuration(value) && value > 0);
}

/**
 * @throws AirlockOptionsError for what is no time limit; `undefined` means the default
 * @internal
 */
export function assertTimeLimit(key: string, value: unknown): void {
  if (value !== undefined && !isTimeLimit(value))
    throw AirlockOptionsError.expected(key, A_TIME_LIMIT, value);
}
