import type { EffectScope } from '../../core/effect-scope.js';
import type { PolicyRef } from '../../core/model/policy.js';
import type { Outcome } from '../../core/model/scope-view.js';

/** The kinds of entry points of a Nest application. @publicApi */
export type BoundaryName =
  | 'http'
  | 'rpc'
  | 'ws'
  | 'graphql'
  | 'bullmq'
  | 'schedule'
  | 'event-emitter'
  | 'cqrs'
  | 'commander';

/** Whether effects run before the response is sent, or after it. @publicApi */
export type DispatchTime = 'beforeResponse' | 'afterResponse';

/** Options of one kind of entry point. @publicApi */
export interface BoundaryOptions {
  /** Narrows what entry points of this kind let out. */
  readonly policy?: PolicyRef | readonly PolicyRef[];
  /**
   * Whether ordinary intents get out. @default `outcome === 'completed'`, and `'cancelled'` under
   * `onCancel: 'flush'`
   */
  shouldFlush?(outcome: Outcome, scope: EffectScope): boolean;
  /**
   * `http` only: whether effects run before the response is sent or after it. @default the module's
   */
  readonly dispatch?: DispatchTime;
  /**
   * `http` only. `request`: the scope is open around all that Nest runs for a request: middlewares,
   * guards, interceptors, pipes, the handler, exception filters. `handler`: around the handler with
   * its pipes and interceptors only.
   *
   * @default 'request'
   */
  readonly openAt?: 'request' | 'handler';
}

/**
 * A kind of entry point that Airlock does not know: methods that a decorator marks and that no
 * interceptors are run for. @publicApi
 */
export interface EntryPointOptions {
  /** For reports, as `sqs`. */
  readonly name: string;
  /** The key under which the decorator writes metadata on the method, as `SetMetadata` does. */
  readonly metadataKey: string | symbol;
  /** Narrows what entry points of this kind let out. */
  readonly policy?: PolicyRef | readonly PolicyRef[];
}
