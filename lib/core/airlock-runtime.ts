import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { DispatchError } from '../errors/dispatch.error.js';
import { ShuttingDownError } from '../errors/shutting-down.error.js';
import { InProcessExecutor } from '../executors/in-process.executor.js';
import { Context, contextOf, contexts } from './context.js';
import { EffectScope, hooksOf, type OnDispatchError, type ScopeOptions } from './effect-scope.js';
import { enqueueIn } from './enqueue.js';
import {
  type Effect,
  type EnqueueOptions,
  type Executor,
  type ExecutorRef,
  type Intent,
  type Outcome,
  type Policy,
  type PolicyRef,
} from './intent.js';
import { PolicyChain } from './policy-chain.js';
import type { FlushReport } from './report.js';
import { type UnitHost, type UnitHooks, UnitOfWork } from './unit-of-work.js';

/** What to do with an effect called where no scope is open. @publicApi */
export type OutsideScope = 'throw' | 'dispatch' | 'drop';

type Class<T> = new (...args: never[]) => T;

/** @internal */
export interface RuntimeSettings {
  readonly policy?: PolicyRef | readonly PolicyRef[] | undefined;
  readonly executor?: ExecutorRef | undefined;
  readonly executors?: Readonly<Record<string, ExecutorRef>> | undefined;
  readonly outsideScope?: OutsideScope | undefined;
  readonly onCancel?: 'discard' | 'flush' | undefined;
  readonly maxEffectsPerScope?: number | undefined;
  readonly maxCascadeDepth?: number | undefined;
  /** @default an entry on `console.error` */
  readonly report?: ((error: unknown) => void) | undefined;
  /** Turns a class into an instance. @default built with no arguments, refused if its constructor takes some */
  readonly instantiate?: (<T>(type: Class<T>) => T) | undefined;
}

/** What a scope is opened with once its options are resolved; may be kept and used for every call of one handler. @internal */
export interface PreparedScope {
  readonly name: string | undefined;
  readonly policies: readonly Policy[];
  readonly executor: Executor | undefined;
  readonly hooks: UnitHooks | undefined;
  readonly failFast: boolean;
}

/**
 * The airlock of one application, or of one `runInScope` outside any: its settings, and the scopes that are running.
 *
 * @internal
 */
export class AirlockRuntime implements UnitHost {
  readonly maxEffectsPerScope: number;
  readonly maxCascadeDepth: number;
  readonly flushesOnCancel: boolean;
  private readonly outsideScope: OutsideScope;
  private readonly instances = new Map<unknown, unknown>();
  private readonly running = new Set<UnitOfWork>();
  private readonly resolved = new Map<string, Executor>();
  private base: Context | undefined;
  private standard: Executor | undefined;
  private closing = false;
  private onIdle: (() => void) | undefined;

  constructor(private readonly settings: RuntimeSettings = {}) {
    this.maxEffectsPerScope = settings.maxEffectsPerScope ?? 100_000;
    this.maxCascadeDepth = settings.maxCascadeDepth ?? 16;
    this.outsideScope = settings.outsideScope ?? 'throw';
    this.flushesOnCancel = settings.onCancel === 'flush';
  }

  /** Where code stands that is in no scope of this application: only the application's own policies apply. */
  private get root(): Context {
    return (this.base ??= new Context(
      this,
      undefined,
      PolicyChain.of(this.policiesOf(this.settings.policy)),
      undefined,
      undefined,
    ));
  }

  get policies(): readonly Policy[] {
    return this.root.chain.policies;
  }

  get defaultExecutor(): Executor {
    return (this.standard ??= this.executorOf(this.settings.executor ?? new InProcessExecutor()));
  }

  get executorNames(): readonly string[] {
    return Object.keys(this.settings.executors ?? {});
  }

  get isClosing(): boolean {
    return this.closing;
  }

  get context(): Context {
    return contextOf(this) ?? this.root;
  }

  get current(): UnitOfWork | undefined {
    return contextOf(this)?.receiver();
  }

  enqueue(options: EnqueueOptions, effect: Effect, args: unknown[]): void {
    this.enqueueAt(this.context, options, effect, args);
  }

  enqueueAt(context: Context, options: EnqueueOptions, effect: Effect, args: unknown[]): void {
    const isOutside = context.receiver() === undefined && context.evaluation === undefined;
    if (!isOutside || this.outsideScope === 'throw') return enqueueIn(context, options, effect, args);
    const scope = this.enter(this.prepare({ name: 'outside a scope' }), context);
    scope.run(() => this.enqueue(options, effect, args));
    scope.close();
    if (this.outsideScope === 'drop') return void scope.dropAll('outsideScope');
    void this.conclude(scope, 'completed', 'the call itself', 'report');
  }

  withPolicy<R>(ref: PolicyRef, fn: () => R): R {
    return this.withPolicyAt(this.context, ref, fn);
  }

  withPolicyAt<R>(context: Context, ref: PolicyRef, fn: () => R): R {
    const chain = context.chain.locally(this.policiesOf(ref));
    return contexts.run(new Context(this, context.receiver(), chain, contexts.getStore(), context.evaluation), fn);
  }

  open(options: ScopeOptions = {}): EffectScope {
    return this.enter(this.prepare(options));
  }

  /** Resolves what options name. @throws AirlockOptionsError for what cannot be resolved */
  prepare(options: ScopeOptions): PreparedScope {
    const { executor } = options;
    return {
      name: options.name,
      policies: this.policiesOf(options.policy),
      executor: typeof executor === 'string' ? this.executorNamed(executor) : executor && this.executorOf(executor),
      hooks: hooksOf(options, (unit) => this.handleOf(unit)),
      failFast: options.dispatchMode === 'failFast',
    };
  }

  /**
   * Opens a scope where the caller stands: nested in the open one, or a new root where there is none or only what an
   * ended one left behind.
   *
   * @throws ShuttingDownError
   */
  enter(prepared: PreparedScope, here: Context = this.context): EffectScope {
    const around = here.isLive ? here : this.root;
    const parent = around.receiver();
    if (this.closing && parent === undefined) throw new ShuttingDownError(prepared.name ?? 'unnamed');
    const chain = around.chain.inside(prepared.policies);
    const unit = new UnitOfWork(this, {
      name: prepared.name,
      parent,
      chain,
      executor: prepared.executor ?? parent?.executor ?? this.defaultExecutor,
      hooks: prepared.hooks,
      failFast: prepared.failFast,
      level: parent?.level,
    });
    this.running.add(unit);
    const store = contexts.getStore();
    const evaluation = store?.evaluation?.isActive === true ? store.evaluation : undefined;
    return this.handleOf(unit, new Context(this, unit, chain, store?.isLive === true ? store : undefined, evaluation));
  }

  async run<R>(options: ScopeOptions, fn: (scope: EffectScope) => R): Promise<Awaited<R>> {
    const scope = this.open(options);
    return this.follow(scope, () => scope.run(() => fn(scope)), options.onDispatchError);
  }

  /** Ends a scope with the work it was opened for: same value, same error. */
  async follow<R>(scope: EffectScope, work: () => R, how: OnDispatchError = 'throw'): Promise<Awaited<R>> {
    let value: Awaited<R>;
    try {
      value = await work();
    } catch (error) {
      await this.conclude(scope, 'failed', 'the error of its work', how);
      throw error;
    }
    await this.conclude(scope, 'completed', 'the end of its work', how);
    return value;
  }

  /**
   * Ends a scope and does what its opener wants done with effects that failed. Synchronous where no effect is asynchronous.
   * Where the work itself did not complete its own error wins, so nothing is thrown and failures are reported (rule 10).
   */
  conclude(scope: EffectScope, outcome: Outcome, closedAt: string, how: OnDispatchError): void | Promise<void> {
    const hasWon = outcome !== 'completed';
    try {
      const report = scope.conclude(outcome, closedAt);
      if (report instanceof Promise) {
        const raised = report.then((settled) => this.raise(settled, scope, hasWon ? 'report' : how));
        return hasWon ? raised.catch(this.report) : raised;
      }
      if (report.failed.length > 0) return this.raise(report, scope, hasWon ? 'report' : how);
    } catch (error) {
      if (!hasWon) throw error;
      this.report(error);
    }
  }

  private async raise(report: FlushReport, scope: EffectScope, how: OnDispatchError): Promise<void> {
    if (report.failed.length === 0) return;
    const error = new DispatchError(report.failed, scope.name ?? scope.id);
    if (how === 'throw') throw error;
    if (how === 'report') this.report(error);
    else await how(error);
  }

  readonly report = (error: unknown): void => {
    (this.settings.report ?? console.error)(error);
  };

  executorNamed(name: string): Executor {
    const known = this.resolved.get(name);
    if (known !== undefined) return known;
    const refs = this.settings.executors;
    if (refs === undefined || !Object.hasOwn(refs, name)) {
      throw new AirlockOptionsError(
        'executor',
        `No executor is named "${name}". Known executors: ${this.executorNames.join(', ') || 'none'}. Add it to \`executors\`, or fix the name.`,
      );
    }
    const executor = this.executorOf(refs[name]!, `executors.${name}`);
    this.resolved.set(name, executor);
    return executor;
  }

  policiesOf(ref: PolicyRef | readonly PolicyRef[] | undefined): readonly Policy[] {
    if (ref === undefined) return [];
    return (Array.isArray(ref) ? (ref as readonly PolicyRef[]) : [ref as PolicyRef]).map((one) => this.policyOf(one));
  }

  ended(unit: UnitOfWork): void {
    this.running.delete(unit);
    if (this.running.size === 0) this.onIdle?.();
  }

  /**
   * Opens no root scope from here on and waits for the running ones.
   *
   * @param timeoutMs at most that long
   * @returns what had not ended by then
   */
  async shutdown(timeoutMs: number): Promise<readonly UnitOfWork[]> {
    this.closing = true;
    if (this.running.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    return [...this.running];
  }

  private handleOf(unit: UnitOfWork, context?: Context): EffectScope {
    return (unit.handle ??= new EffectScope(
      unit,
      context ?? new Context(this, unit, unit.chain, undefined, undefined),
    )) as EffectScope;
  }

  private executorOf(ref: ExecutorRef, key = 'executor'): Executor {
    if (isClassOf<Executor>(ref, 'execute')) return this.instance(ref);
    if (typeof ref === 'function') return { execute: ref as (intent: Intent) => unknown };
    if (typeof (ref as Partial<Executor> | null)?.execute === 'function') return ref;
    throw AirlockOptionsError.expected(key, 'an executor, a class of one, or a function of an intent', ref);
  }

  private policyOf(ref: PolicyRef): Policy {
    if (typeof ref === 'function') return this.instance<Policy>(ref);
    if (typeof ref === 'object' && ref !== null) return ref;
    throw AirlockOptionsError.expected('policy', 'a policy or a class of one', ref);
  }

  private instance<T>(type: Class<T>): T {
    let instance = this.instances.get(type) as T | undefined;
    if (instance === undefined) this.instances.set(type, (instance = (this.settings.instantiate ?? construct)(type)));
    return instance;
  }
}

/** Builds a class that takes no arguments. @internal */
export function construct<T>(type: Class<T>): T {
  if (type.length === 0) return new type();
  throw new AirlockOptionsError(
    type.name,
    `Class \`${type.name}\` cannot be built: its constructor takes arguments and no provider of that class is known. ` +
      'Add it to the `providers` of a module, or pass an instance.',
  );
}

function isClassOf<T>(ref: unknown, method: string): ref is Class<T> {
  return (
    typeof ref === 'function' && typeof (ref.prototype as Record<string, unknown> | undefined)?.[method] === 'function'
  );
}
