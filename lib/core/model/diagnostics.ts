import { type Channel, channel, tracingChannel } from 'node:diagnostics_channel';
import type { Executor } from './executor.js';
import type { Intent } from './intent.js';
import type { Policy } from './policy.js';
import type { DropReason, FinalEnd } from './report.js';
import type { ScopeView } from './scope-view.js';

/**
 * The fields that `airlock:*` messages may carry. `onAirlock` gives each channel its own type.
 * @publicApi
 */
export interface AirlockMessage {
  readonly scope: ScopeView | undefined;
  readonly intent?: Intent;
  /** `airlock:drop`: a `DropReason`; `airlock:scope`: a `ScopeEvent`. */
  readonly reason?: string;
  readonly policy?: Policy;
  readonly error?: unknown;
  /**
   * Milliseconds the effect took, or the scope lived. Absent for effects of a flush that began
   * before anybody listened.
   */
  readonly durationMs?: number;
}

/**
 * A step in the life of a scope: it was opened; it ended one way or the other (`flushed`,
 * `discarded`); all that it let out has ended too (`settled`), including what waited for a commit
 * or for the response.
 *
 * @publicApi
 */
export type ScopeEvent = 'open' | 'flushed' | 'discarded' | 'settled';

/** `airlock:scope`. @publicApi */
export interface ScopeMessage extends AirlockMessage {
  readonly scope: ScopeView;
  readonly reason: ScopeEvent;
}

/** `airlock:enqueue`: a call was buffered. @publicApi */
export interface EnqueueMessage extends AirlockMessage {
  readonly scope: ScopeView;
  readonly intent: Intent;
}

/** `airlock:dispatch`: an effect was handed to its executor, and did not fail. @publicApi */
export interface DispatchMessage extends AirlockMessage {
  readonly scope: ScopeView;
  readonly intent: Intent;
}

/**
 * `airlock:drop`: a call was thrown away. `policy` is the one that said no, if any.
 * @publicApi
 */
export interface DropMessage extends AirlockMessage {
  readonly scope: ScopeView;
  readonly intent: Intent;
  readonly reason: DropReason;
}

/** `airlock:fail`: an effect failed, or its `policy` threw. @publicApi */
export interface FailMessage extends AirlockMessage {
  readonly scope: ScopeView;
  readonly intent: Intent;
  readonly error: unknown;
}

/**
 * `tracing:airlock:effect:*`: one run of an effect. The same object for each event of that run.
 * @publicApi
 */
export interface EffectRunMessage {
  /** The intent; in a worker, where there is none, the id, name and origin of the call. */
  readonly intent: {
    readonly id: string;
    readonly name: string;
    readonly origin?: string | undefined;
  };
  /** All intents of a batch, which is one run of its executor. */
  readonly batch?: readonly Intent[];
  readonly scope: ScopeView | undefined;
  /** Undefined in a worker. */
  readonly executor?: Executor;
  /** Set before `error`. */
  error?: unknown;
}

/**
 * An event of a run: see `tracingChannel` of `node:diagnostics_channel`. `asyncStart` and
 * `asyncEnd` come for asynchronous effects only. @publicApi
 */
export type EffectRunEvent = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';

/** The messages of each channel. @publicApi */
export interface AirlockMessages {
  readonly enqueue: EnqueueMessage;
  readonly dispatch: DispatchMessage;
  readonly drop: DropMessage;
  readonly fail: FailMessage;
  readonly scope: ScopeMessage;
  readonly effect: EffectRunMessage;
}

/** The channel of each end of an intent; an end without a channel does not compile. */
type ChannelOfEnd = { dispatched: 'dispatch'; dropped: 'drop'; failed: 'fail' }[FinalEnd];

/** The `node:diagnostics_channel` channels. @internal */
export const channels = {
  enqueue: channel('airlock:enqueue'),
  dispatch: channel('airlock:dispatch'),
  drop: channel('airlock:drop'),
  fail: channel('airlock:fail'),
  scope: channel('airlock:scope'),
} as const satisfies Record<ChannelOfEnd | 'enqueue' | 'scope', Channel>;

/** The channel of runs of effects, here and in workers. @internal */
export const effectRuns = tracingChannel<unknown, EffectRunMessage>('airlock:effect');

/** @internal */
export type ChannelName = keyof typeof channels;

/**
 * Listeners to the messages of one application. The application keeps them, so that none stays in
 * the process if its boot fails.
 *
 * @internal
 */
type OwnListeners = { readonly [K in ChannelName]: readonly Listeners[K][] | undefined };

/** @internal */
export type Listeners = { readonly [K in ChannelName]: (message: AirlockMessages[K]) => void };

/** @internal */
export const NO_LISTENERS: OwnListeners = {
  enqueue: undefined,
  dispatch: undefined,
  drop: undefined,
  fail: undefined,
  scope: undefined,
};

/** Application whose messages can be listened to. @internal */
export interface MessageHost {
  readonly listeners: OwnListeners;
  /** Logs an error that no caller is left to see. */
  logError(error: unknown): void;
}

/**
 * True if anybody listens; asked before a message is built. Each channel has its own function,
 * since it is asked for every effect: a function that takes the name would look the channel up each
 * time.
 *
 * @internal
 */
export const isHeard = {
  enqueue: ({ listeners }: MessageHost): boolean =>
    channels.enqueue.hasSubscribers || listeners.enqueue !== undefined,
  dispatch: ({ listeners }: MessageHost): boolean =>
    channels.dispatch.hasSubscribers || listeners.dispatch !== undefined,
  drop: ({ listeners }: MessageHost): boolean =>
    channels.drop.hasSubscribers || listeners.drop !== undefined,
  fail: ({ listeners }: MessageHost): boolean =>
    channels.fail.hasSubscribers || listeners.fail !== undefined,
  scope: ({ listeners }: MessageHost): boolean =>
    channels.scope.hasSubscribers || listeners.scope !== undefined,
};

/** @internal */
export function publish<K extends ChannelName>(
  host: MessageHost,
  name: K,
  message: AirlockMessages[K],
): void {
  channels[name].publish(message);
  const listeners: readonly Listeners[K][] | undefined = host.listeners[name];
  if (listeners === undefined) return;
  for (const listen of listeners) {
    try {
      listen(message);
    } catch (error) {
      host.logError(error);
    }
  }
}
