import type { InjectionToken } from '@nestjs/common';
import type { EffectEnvelope } from '../../nest/remote/envelope.js';
import type { Intent } from '../../core/model/intent.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';

/** Options of an application that runs effects sent by others. @publicApi */
export interface EffectConsumerOptions {
  /** The patterns to listen to. @default the one that `pattern` names */
  readonly patterns?: readonly string[];
  /**
   * For RabbitMQ with `noAck: false`, and to be set together with it. True: a message is
   * acknowledged when its effect has succeeded, goes back to its queue when it failed, and to the
   * dead letters when nothing here can run it. False: the transport forgets a message as soon as it
   * has delivered it.
   *
   * @default false
   */
  readonly acknowledge?: boolean;
  /**
   * With `acknowledge`: how long a failed message is held before it goes back, in milliseconds.
   * @default 1_000
   */
  readonly retryDelayMs?: number;
}

/** Options that shape the module itself and so cannot come from other providers. @publicApi */
export interface AirlockMicroservicesExtras {
  /** The pattern effects are sent under and listened to. @default 'airlock.effect' */
  readonly pattern?: string;
  /** Whether this application runs effects that others have sent, and how. @default false */
  readonly consumer?: boolean | EffectConsumerOptions;
}

/**
 * Options of `AirlockMicroservicesModule.forRoot`, next to `AirlockMicroservicesExtras`. @publicApi
 */
export interface AirlockMicroservicesOptions extends RemoteOptions {
  /**
   * Token of the `ClientProxy` that effects are sent with, in whatever module it is. Absent where
   * effects are only run.
   */
  readonly client?: InjectionToken;
  /** The pattern of one effect, where they do not all share one. @default what `pattern` says */
  patternFor?(intent: Intent): string;
  /**
   * Makes what the client is handed for one effect: the envelope, or a record of the transport with
   * it, such as an `RmqRecord`, made with the `dispatchOptions` of the intent.
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
