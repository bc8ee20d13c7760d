import type { InjectionToken } from '@nestjs/common';
import type { EffectEnvelope } from '../../nest/remote/envelope.js';
import type { Intent } from '../../core/model/intent.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';

/** Options of an application that runs effects sent by others. @publicApi */
export interface EffectConsumerOptions {
  /** The patterns to listen to. @default the one that `pattern` names */
  readonly patterns?: readonly string[];
  /**
   * True for RabbitMQ with `noAck: false`, and only together with it: a message is acknowledged
   * when its effect has succeeded, goes back to its queue if it failed, and to the dead letters if
   * no effect here has its name. False: the transport forgets a message as soon as it has delivered
   * it.
   *
   * @default false
   */
  readonly acknowledge?: boolean;
  /**
   * Milliseconds for which a failed message is held before it goes back, with `acknowledge`.
   * @default 1_000
   */
  readonly retryDelayMs?: number;
}

/** Options that shape the module itself and so cannot come from other providers. @publicApi */
export interface AirlockMicroservicesExtras {
  /** The pattern effects are sent under and listened to. @default 'airlock.effect' */
  readonly pattern?: string;
  /** True, or options, if this application runs effects that others have sent. @default false */
  readonly consumer?: boolean | EffectConsumerOptions;
}

/**
 * Options of `AirlockMicroservicesModule.forRoot`, next to `AirlockMicroservicesExtras`. @publicApi
 */
export interface AirlockMicroservicesOptions extends RemoteOptions {
  /**
   * Token of the `ClientProxy` that effects are sent with, in whatever module it is. Left out where
   * effects are only run.
   */
  readonly client?: InjectionToken;
  /**
   * Returns the pattern of an effect, if they do not all share one. @default the one that `pattern`
   * names
   */
  patternFor?(intent: Intent): string;
  /**
   * Makes the message of an effect: the envelope, or a record of the transport with it, such as an
   * `RmqRecord`, which may use the `dispatchOptions` of the intent.
   *
   * @default the envelope; for RabbitMQ a record with it and a time limit
   */
  record?(envelope: EffectEnvelope, intent: Intent): unknown;
  /**
   * Time that the start of the application and each flush wait for the broker, in milliseconds.
   * @default 5_000
   */
  readonly dispatchTimeoutMs?: number;
}
