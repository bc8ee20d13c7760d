import type { InjectionToken } from '@nestjs/common';
import type { Intent } from '../../core/model/intent.js';
import {
  checkOptions,
  expectThat,
  flag,
  func,
  isRecord,
  type OptionCheck,
  waitingTime,
  text,
  texts,
} from '../../nest/options/option-checks.js';
import { remoteChecks } from '../../nest/remote/remote-checks.js';
import type {
  AirlockMicroservicesExtras,
  AirlockMicroservicesOptions,
  EffectConsumerOptions,
} from './microservices.options.js';

const checks: Readonly<Record<keyof AirlockMicroservicesOptions, OptionCheck>> = {
  ...remoteChecks,
  client: expectThat('an injection token', (value) => ['string', 'symbol', 'function'].includes(typeof value)),
  patternFor: func,
  record: func,
  dispatchTimeoutMs: waitingTime,
};
const consumerChecks: Readonly<Record<keyof EffectConsumerOptions, OptionCheck>> = {
  patterns: texts,
  acknowledge: flag,
  retryDelayMs: waitingTime,
};
const extrasChecks: Readonly<Record<keyof AirlockMicroservicesExtras, OptionCheck>> = {
  pattern: text,
  consumer: (key, value) => (isRecord(value) ? checkOptions(value, consumerChecks, `${key}.`) : flag(key, value)),
};

/** Settings of the consumer, with the defaults. @internal */
export class ConsumerSettings {
  readonly pattern: string;
  /** Patterns that this application listens to; none where it runs no effects. */
  readonly patterns: readonly string[];
  readonly acknowledge: boolean;
  readonly retryDelayMs: number;

  /** @throws AirlockOptionsError */
  constructor({ pattern, consumer }: AirlockMicroservicesExtras) {
    checkOptions({ pattern, consumer }, extrasChecks);
    const { patterns, acknowledge, retryDelayMs }: EffectConsumerOptions = isRecord(consumer) ? consumer : {};
    this.pattern = pattern ?? 'airlock.effect';
    this.patterns = consumer === undefined || consumer === false ? [] : (patterns ?? [this.pattern]);
    this.acknowledge = acknowledge ?? false;
    this.retryDelayMs = retryDelayMs ?? 1_000;
  }
}

/** Settings for sending effects, with the defaults. @internal */
export class MicroservicesSettings {
  readonly client: InjectionToken | undefined;
  readonly dispatchTimeoutMs: number;

  /** @throws AirlockOptionsError */
  constructor(
    readonly options: AirlockMicroservicesOptions,
    private readonly pattern: string,
  ) {
    checkOptions(options, checks);
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
