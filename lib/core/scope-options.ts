import type { DispatchError } from '../errors/dispatch.error.js';
import type { EffectScope } from './effect-scope.js';
import type { PolicyRef } from './model/policy.js';
import type { ExecutorRef } from './model/executor.js';
import type { Intent } from './model/intent.js';
import type { Outcome } from './model/scope-view.js';
import type { UnitHooks, UnitOfWork } from './scope/unit-of-work.js';

/** The treatment of effects that failed: logged, thrown, or handed to a function. @publicApi */
export type OnDispatchError =
  | 'report'
  | 'throw'
  | ((error: DispatchError<Intent>) => void | Promise<void>);

/** Options of a scope, set by whoever opens it. @publicApi */
export interface ScopeOptions {
  /** For logs and messages, such as `POST /orders`. */
  readonly name?: string;
  /** Narrows what this scope lets out, on top of what already applies. */
  readonly policy?: PolicyRef | readonly PolicyRef[];
  /**
   * Executor of its intents by default: one of the named executors, or one of its own. @default the
   * application's
   */
  readonly executor?: string | ExecutorRef;
  /** Treatment, by `run`, of effects that failed. @default 'throw' */
  readonly onDispatchError?: OnDispatchError;
  /**
   * `isolated`: one failing effect does not stop the others; `failFast`: the rest is dropped.
   * @default 'isolated'
   */
  readonly dispatchMode?: 'isolated' | 'failFast';
  /**
   * Tells the outcome of work that has thrown or rejected, for errors that steer an engine and are
   * no failures. Applies to nested scopes too, and not to Observables: one that errors has failed.
   * The caller gets the error all the same. @default 'failed'
   */
  outcomeOf?(error: unknown): Outcome;
  /** Decides whether ordinary intents get out. @default `outcome === 'completed'` */
  shouldFlush?(outcome: Outcome, scope: EffectScope): boolean;
  /**
   * Chooses the intents of an ending nested scope that go out now; the others wait for this scope.
   * @default none of them
   */
  beforeDescendantFlushes?(exiting: EffectScope, intents: readonly Intent[]): readonly Intent[];
}

/** The hooks of options, as a unit calls them. @internal */
export function hooksOf(
  options: ScopeOptions,
  handleOf: (unit: UnitOfWork) => EffectScope,
): UnitHooks | undefined {
  if (!options.outcomeOf && !options.shouldFlush && !options.beforeDescendantFlushes)
    return undefined;
  return {
    ...(options.outcomeOf && { outcomeOf: (error) => options.outcomeOf!(error) }),
    ...(options.shouldFlush && {
      shouldFlush: (outcome, unit) => options.shouldFlush!(outcome, handleOf(unit)),
    }),
    ...(options.beforeDescendantFlushes && {
      beforeDescendantFlushes: (exiting, intents) =>
        options.beforeDescendantFlushes!(handleOf(exiting), intents),
    }),
  };
}
