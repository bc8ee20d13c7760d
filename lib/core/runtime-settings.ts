import type { ContextCarrier } from './model/context-carrier.js';
import type { Policy, PolicyRef } from './model/policy.js';
import type { ExecutorRef } from './model/executor.js';
import type { LateCalls } from './outside/late-call.js';
import type { Instantiate } from './references.js';
import type { OnSettled } from './scope/unit-of-work.js';

/**
 * The treatment of an effect called outside any scope: refuse it with `NoScopeError`
 * (`throw`), log that error and drop it (`report`), dispatch it at once (`dispatch`), or drop it
 * without a log (`drop`).
 *
 * @publicApi
 */
export type OutsideScope = 'throw' | 'report' | 'dispatch' | 'drop';

/** @internal */
export interface RuntimeSettings {
  readonly policy?: PolicyRef | readonly PolicyRef[] | undefined;
  readonly executor?: ExecutorRef | undefined;
  readonly executors?: Readonly<Record<string, ExecutorRef>> | undefined;
  readonly outsideScope?: OutsideScope | undefined;
  readonly lateCalls?: LateCalls | undefined;
  readonly onCancel?: 'discard' | 'flush' | undefined;
  readonly maxEffectsPerScope?: number | undefined;
  readonly maxCascadeDepth?: number | undefined;
  readonly effectTimeoutMs?: number | false | undefined;
  readonly context?: readonly ContextCarrier[] | undefined;
  /** Milliseconds after which a flush is named in a warning. @default never */
  readonly slowFlushMs?: number | undefined;
  /** @default an entry on `console.error` */
  readonly logError?: ((error: unknown) => void) | undefined;
  /** @default an entry on `console.warn` */
  readonly warn?: ((message: string) => void) | undefined;
  /** Told the ends of the intents of each unit of work that has ended. */
  readonly onSettled?: OnSettled | undefined;
  /**
   * Turns a class into an instance. @default built with no arguments, refused if its constructor
   * takes some
   */
  readonly instantiate?: Instantiate | undefined;
  /** Told of each policy that lists the effects it singles out, each time one is named. */
  readonly inspect?: ((policy: Policy) => void) | undefined;
}

/** The settings of code outside any application. @internal */
export const FREE: RuntimeSettings = Object.freeze({});
