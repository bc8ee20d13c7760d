import type { OutsideScope } from '../../core/runtime-settings.js';
import type { LateCalls } from '../../core/outside/late-call.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import type {
  BoundaryName,
  BoundaryOptions,
  DispatchTime,
  EntryPointOptions,
} from './boundary-options.js';
import type { InterceptedProvider } from './intercepted-provider.js';
import type { EscapeOptions } from './escape-options.js';
import type { ContextCarrier } from '../../core/model/context-carrier.js';
import type { AirlockLogOptions } from './log-options.js';
import type { PolicyRef } from '../../core/model/policy.js';
import type { ExecutorRef } from '../../core/model/executor.js';

/** Options of `AirlockModule.forRoot`. @publicApi */
export interface AirlockModuleOptions {
  /**
   * Narrows what the whole application lets out.
   *
   * @example
   * ```ts
   * AirlockModule.forRoot({ policy: new BlockTasks(['MailService.sendReceipt']) });
   * ```
   *
   * @default AllowAll
   * @see docs/guide/policies.md
   */
  readonly policy?: PolicyRef | readonly PolicyRef[];
  /**
   * Executor that runs effects.
   *
   * @default InProcessExecutor
   * @see docs/integrations/choosing-an-executor.md
   */
  readonly executor?: ExecutorRef;
  /**
   * Further executors, picked by name: `@SideEffect({ executor: 'mail' })`.
   *
   * @example
   * ```ts
   * AirlockModule.forRoot({ executor: PgBossExecutor, executors: { mail: BullMqExecutor } });
   * ```
   *
   * @see docs/integrations/choosing-an-executor.md
   */
  readonly executors?: Readonly<Record<string, ExecutorRef>>;
  /**
   * For migration: inside a scope calls of these methods are buffered as effects, with one
   * deprecation warning for each of them, and return a `BufferedCall`. Outside a scope, and in a
   * running effect, they do what they always did.
   *
   * @example
   * ```ts
   * AirlockModule.forRoot({ intercept: [{ token: MailService, methods: ['sendReceipt'] }] });
   * ```
   *
   * @default none
   * @see docs/guide/migration.md
   */
  readonly intercept?: readonly InterceptedProvider[];
  /**
   * Which kinds of entry points open a scope, and how.
   *
   * @example
   * ```ts
   * AirlockModule.forRoot({
   *   boundaries: { commander: false, http: { dispatch: 'afterResponse' } },
   * });
   * ```
   *
   * @default all true
   * @see docs/entry-points/README.md
   */
  readonly boundaries?: Readonly<Partial<Record<BoundaryName, boolean | BoundaryOptions>>>;
  /**
   * Further kinds of entry points: each call of a marked method opens a scope.
   *
   * @default none
   * @see docs/entry-points/README.md
   */
  readonly entryPoints?: readonly EntryPointOptions[];
  /**
   * Whether effects run before the response is sent or after it.
   *
   * @default 'beforeResponse'
   * @see docs/guide/http.md
   */
  readonly dispatch?: DispatchTime;
  /**
   * Fate of what is buffered when a client leaves early.
   *
   * @default 'discard'
   * @see docs/guide/effects.md
   */
  readonly onCancel?: 'discard' | 'flush';
  /**
   * Reaction of a boundary to effects that failed: log them, fail the call, or hand them to a
   * function.
   *
   * @default 'report'
   * @see docs/guide/failures.md
   */
  readonly onDispatchError?: OnDispatchError;
  /**
   * Levels of what is logged.
   *
   * @example
   * ```ts
   * AirlockModule.forRoot({ log: { drops: 'warn', dispatches: 'verbose' } });
   * ```
   *
   * @default drops at 'debug', failures at 'error'
   * @see docs/operations/log.md
   */
  readonly log?: AirlockLogOptions;
  /**
   * Treatment of a call outside any scope.
   *
   * @default 'throw'
   * @see docs/errors.md
   */
  readonly outsideScope?: OutsideScope;
  /**
   * Treatment of a call made after its scope ended, such as by a timer or behind a forgotten
   * `await`. `report`: it does not get out, and an error log names it, its scope and the stack of
   * the call. `throw`: it is refused with `ScopeClosedError`. `follow`: it goes as the ended scope
   * went, under the policies of where it was made.
   *
   * @default 'report'
   * @see docs/guide/scopes.md
   */
  readonly lateCalls?: LateCalls;
  /**
   * For development: notices outgoing HTTP, mails and chosen methods called directly inside an
   * open scope or transaction.
   *
   * @example
   * ```ts
   * AirlockModule.forRoot({
   *   detectEscapes: process.env.NODE_ENV === 'production' ? false : 'warn',
   * });
   * ```
   *
   * @default false
   * @see docs/guide/escapes.md
   */
  readonly detectEscapes?: false | 'warn' | 'throw' | EscapeOptions;
  /**
   * Time that one effect may run in this process, in milliseconds, if it sets no `timeoutMs` of its
   * own: then it counts as failed with an `EffectTimeoutError`, and the flush goes on.
   * `false`: no limit.
   *
   * @default 30_000
   * @see docs/guide/failures.md
   */
  readonly effectTimeoutMs?: number | false;
  /**
   * Carriers of values from the call of an effect to its run, after the response or in another
   * process: a tenant, a trace.
   *
   * @default none
   * @see docs/guide/recipes.md
   */
  readonly context?: readonly ContextCarrier[];
  /**
   * Most intents that one scope may hold, and most calls that the effects of one flush may make
   * themselves.
   *
   * @default 100_000
   * @see docs/guide/scopes.md
   */
  readonly maxEffectsPerScope?: number;
  /**
   * Depth to which effects may enqueue effects.
   *
   * @default 16
   * @see docs/guide/scopes.md
   */
  readonly maxCascadeDepth?: number;
  /**
   * Time that a shutdown waits for running scopes and their effects, in milliseconds.
   *
   * @default 10_000
   * @see docs/operations/shutdown.md
   */
  readonly shutdownTimeoutMs?: number;
}

/** @internal */
export const AIRLOCK_OPTIONS: unique symbol = Symbol.for('nestjs-airlock.options') as never;
