import type { AirlockRuntime } from '../../core/runtime.js';
import type { EffectScope } from '../../core/effect-scope.js';
import type { ScopeOptions } from '../../core/scope-options.js';
import { type RunArguments, runArguments, runtimeHere } from '../../core/functions.js';
import type { ScopeView } from '../../core/model/scope-view.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import type { AirlockReport } from './airlock-report.js';
import { reportOfRunning, type RunningScopeReport } from './running-scope.js';

/**
 * For whoever opens scopes: an entry point of your own, a script, a test.
 *
 * One that is made by hand, `new AirlockService()` in a unit test, opens the scopes that
 * `runInScope` and `openScope` would open, and has no application to explain.
 *
 * @publicApi
 */
export class AirlockService {
  readonly #application: AirlockRuntime | undefined;
  readonly #explain: () => AirlockReport;

  /** @internal Nest hands over its application. */
  constructor(application?: AirlockRuntime, explain: () => AirlockReport = refuseToExplain) {
    this.#application = application;
    this.#explain = explain;
  }

  get #runtime(): AirlockRuntime {
    return this.#application ?? runtimeHere();
  }

  /**
   * Runs `fn` in a scope: nested if one is open, else a root that lets its effects out when `fn`
   * completes and drops them when it throws.
   *
   * @example
   * ```ts
   * // Both are placed before any effect gets out; if one fails, none does.
   * await airlock.run({ name: 'import' }, async () => {
   *   await orders.place(1);
   *   await orders.place(2);
   * });
   * ```
   *
   * @returns what `fn` resolves to, after the flush; of an Observable, each subscription is a scope
   *   of its own with the same options, of a generator its iteration
   * @throws what `fn` throws; `DispatchError` if effects failed and `onDispatchError` is not set
   *   otherwise; `ShuttingDownError`
   */
  run<R>(fn: (scope: EffectScope) => R): Promise<Awaited<R>>;
  run<R>(options: ScopeOptions, fn: (scope: EffectScope) => R): Promise<Awaited<R>>;
  run<R>(...args: RunArguments<R>): Promise<Awaited<R>> {
    return this.#runtime.run(...runArguments(args));
  }

  /**
   * Opens a scope by hand; the opener enters it with `scope.run`, closes it and ends it.
   *
   * @example
   * ```ts
   * const scope = airlock.open({ name: 'nightly run' });
   * try {
   *   await scope.run(() => orders.place(order.id));
   *   scope.close();
   *   await scope.flush();
   * } catch (error) {
   *   scope.close();
   *   scope.discard();
   *   throw error;
   * }
   * ```
   *
   * @throws ShuttingDownError
   */
  open(options?: ScopeOptions): EffectScope {
    return this.#runtime.open(options);
  }

  /** View of the current scope; undefined if there is none. */
  get currentScope(): ScopeView | undefined {
    return this.#runtime.view;
  }

  /**
   * Lists the running scopes, oldest first, with the effects that they run and their ages in
   * milliseconds. Requests that have called no effect yet have no scope.
   */
  running(): readonly RunningScopeReport[] {
    return this.#runtime.running.units.map(reportOfRunning).sort((a, b) => b.ageMs - a.ageMs);
  }

  /**
   * Reports what is in force in this application: entry points, executors, effects, policies,
   * adapters, workers. What `console.log` prints of it is a page of text.
   *
   * @example
   * ```ts
   * console.log(airlock.explain());
   * ```
   */
  explain(): AirlockReport {
    return this.#explain();
  }
}

function refuseToExplain(): never {
  throw new AirlockOptionsError(
    'explain',
    'This `AirlockService` was made by hand, so it has no application to explain. Get the one of an application: `app.get(AirlockService)`.',
  );
}
