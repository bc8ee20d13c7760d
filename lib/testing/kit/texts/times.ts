import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';

/** @throws AirlockOptionsError @internal */
export function assertTimes(times: number): void {
  if (Number.isInteger(times) && times >= 0) return;
  throw AirlockOptionsError.expected('times', 'an integer of 0 or more', times);
}

/** @internal */
export function timesText(count: number): string {
  return ['never', 'once', 'twice'][count] ?? `${count} times`;
}
