import type { InjectionToken } from '@nestjs/common';
import type { Intent } from '../../core/model/intent.js';
import {
  checkOptions,
  expectThat,
  flag,
  func,
  type OptionCheck,
  waitingTime,
  text,
  texts,
} from '../../nest/options/option-checks.js';
import { flagOr, remoteChecks, turnedOn } from '../../nest/remote/remote-checks.js';
import type {
  AirlockMicroservicesExtras,
  AirlockMicroservicesOptions,
  EffectConsumerOptions,
} from './microservices.options.js';

const checks: Readonly<Record<keyof AirlockMicroservicesOptions, OptionCheck>> = {
  ...remoteChecks,
  client: expectThat('an injection token', (value) =>
    ['string', 'symbol', 'function'].includes(typeof value),
  ),
  patternFor: func,
  record: func,
};
const consumerChecks: Readonly<Record<keyof EffectConsumerOptions, OptionCheck>> = {
  patterns: texts,
  acknowledge: flag,
  retryDelayMs: waitingTime,
};
const extrasChecks: Readonly<Record<keyof AirlockMicroservicesExtras, OptionCheck>> = {
  pattern: text,
  consumer: flagOr(consumerChecks),
};

/** Default pattern of all effects. */
const PATTERN = 'airlock.effect';

/** Settings of the consumer, with the defaults. @internal */
export class ConsumerSettings {
  /** Patterns that this application listens to; none where it runs no effects. */
  readonly patterns: readonly string[];
  readonly acknowledge: boolean;
  readonly retryDelayMs: number;

  /** @throws AirlockOptionsError */
  constructor({ pattern = PATTERN, consumer }: AirlockMicroservicesExtras) {
    checkOptions({ pattern, consumer }, extrasChecks);
    const own = turnedOn(consumer);
    this.patterns = own === undefined ? [] : (own.patterns ?? [pattern]);
    this.acknowledge = own?.acknowledge ?? false;
    this.retryDelayMs = own?.retryDelayMs ?? 1_000;
  }
}

/** Settings for sending effects, with the defaults. @internal */
export class MicroservicesSettings {
  readonly client: InjectionToken | undefined;
  readonly dispatchTimeoutMs: number;
  private readonly pattern: string;

  /** @throws AirlockOptionsError */
  constructor(
    readonly options: AirlockMicroservicesOptions,
    { pattern = PATTERN }: AirlockMicroservicesExtras,
  ) {
    checkOptions(options, checks);
    this.pattern = pattern;
    this.client = options.client;
    this.dispatchTimeoutMs = options.dispatchTimeoutMs ?? 5_000;
  }

  patternOf(intent: Intent): string {
    if (this.options.patternFor === undefined) return this.pattern;
    const pattern: unknown = this.options.patternFor(intent);
    text('patternFor', pattern);
    return pattern as string;
  }
}
