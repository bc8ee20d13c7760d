import {
  checkOptions,
  expectThat,
  flag,
  type OptionCheck,
  waitingTime,
} from '../../nest/options/option-checks.js';
import type { AirlockHealthOptions } from './health.options.js';

const age: OptionCheck = (key, value) => value !== false && waitingTime(key, value);

const checks: Readonly<Record<keyof AirlockHealthOptions, OptionCheck>> = {
  timeoutMs: waitingTime,
  maxFailures: expectThat(
    'a number of effects, 0 or more',
    (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  ),
  failureWindowMs: waitingTime,
  stuckScopeMs: age,
  oldRowMs: age,
  isDegradedDown: flag,
};

/** @throws AirlockOptionsError for an unknown key or a value of the wrong kind @internal */
export function checkHealthOptions(options: unknown): asserts options is AirlockHealthOptions {
  checkOptions(options, checks);
}

/** Options with their defaults. @internal */
export class HealthSettings {
  readonly timeoutMs: number;
  readonly maxFailures: number;
  readonly failureWindowMs: number;
  readonly stuckScopeMs: number | false;
  readonly oldRowMs: number | false;
  readonly isDegradedDown: boolean;

  /** @throws AirlockOptionsError */
  constructor(options: AirlockHealthOptions) {
    checkHealthOptions(options);
    this.timeoutMs = options.timeoutMs ?? 1_000;
    this.maxFailures = options.maxFailures ?? 0;
    this.failureWindowMs = options.failureWindowMs ?? 60_000;
    this.stuckScopeMs = options.stuckScopeMs ?? 300_000;
    this.oldRowMs = options.oldRowMs ?? 300_000;
    this.isDegradedDown = options.isDegradedDown ?? false;
  }
}
