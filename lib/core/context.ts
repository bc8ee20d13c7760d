import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type AttemptMark,
  type Effect,
  effectName,
  type EnqueueOptions,
  fixed,
  type Intent,
  type Outcome,
  type Policy,
  type Stamp,
  stampOf,
} from './intent.js';
import { ShuttingDownError } from '../errors/shutting-down.error.js';
import { methodOf } from './deferred.js';
import type { PolicyChain } from './policy-chain.js';
import { type HasRefusals, hasUnheard, raiseUnheard } from './refusal.js';
import { abortEffect, type CurrentEffect, type EffectFacts, isAborted, RunningEffect } from './running-effect.js';
import type { ScopeView } from './scope-view.js';
import type { StampedFrame } from './stamped-frame.js';
import { type UnitHost, UnitOfWork } from './unit-of-work.js';

/** A policy at work: whoever calls an effect within it is that policy (rule 13). @internal */
export interface Evaluation extends HasRefusals {
  readonly policy: Policy;
  /** The flush that asks; undefined at the call. Identity only, for policies that count per flush. */
  readonly flush: object | undefined;
  isActive: boolean;
}

/**
 * Where code stands: in whose application, in which unit of work, under which policies. Contexts of several
 * applications nest through `outer`, and each sees its own only (rule 18).
 *
 * @internal
 */
export abstract class Context {
  abstract readonly host: UnitHost;
  abstract readonly chain: PolicyChain;
  abstract readonly outer: Context | undefined;
  abstract readonly evaluation: Evaluation | undefined;
  private stamp: Stamp | undefined = undefined;
  private stamped: Effect | undefined = undefined;

  /** The unit that takes a call made here; undefined outside a scope. Where a scope opens with its first effect, this opens it. */
  abstract receiver(): UnitOfWork | undefined;

  /** The same for whoever only looks: opens none. */
  get opened(): UnitOfWork | undefined {
    return this.receiver();
  }

  /** Whether there is a unit for calls made here, be it still to be opened. */
  get mayReceive(): boolean {
    return this.opened?.state === 'open';
  }

  /** The effect that code here is part of. */
  get effect(): CurrentEffect | undefined {
    return this.within?.effect;
  }

  /** The innermost context that is an effect's, this one included. */
  get within(): Context | undefined {
    return this.outer?.within;
  }

  /** The innermost invocation that code here is part of, of work that may be invoked again. */
  get attempt(): AttemptMark | undefined {
    return this.outer?.attempt;
  }

  /** Where the scope of an entry point that is reached here opens: here, or beside what is open around a whole request. */
  get forEntryPoints(): Context {
    return this;
  }

  /** Whether a scope opened here belongs to this context, or is a new root in what an ended one left behind (rule 3). */
  abstract get isLive(): boolean;

  /** Policies that a new root opened here stands under, where not the application's alone: those put around it since. */
  get chainForRoots(): PolicyChain | undefined {
    return undefined;
  }

  /**
   * Calls in a loop mostly differ in nothing but their arguments, so the last stamp is kept. It holds while options are the
   * same fixed object and no other transaction is open; policies of their own may be those of another object's module.
   */
  stampFor(unit: UnitOfWork, options: EnqueueOptions, frame: StampedFrame | undefined, effect: Effect): Stamp {
    const { stamp } = this;
    if (stamp !== undefined && stamp.options === options && stamp.frame === frame && stamp.birthplace === unit) {
      if (options.policy === undefined || this.stamped === effect) return stamp;
    }
    this.stamped = effect;
    return (this.stamp = {
      frame,
      birthplace: unit,
      attempt: this.attempt,
      options: fixed(options),
      path:
        options.policy === undefined
          ? this.chain
          : this.chain.locally(unit.host.policiesOf(options.policy, methodOf(effect)?.target)),
      executor: options.executor === undefined ? unit.executor : unit.host.executorNamed(options.executor),
      on: options.on ?? 'success',
    });
  }
}

/** Code in a scope that somebody opened, under `withPolicy`, or in a policy. @internal */
export class ScopeContext extends Context {
  // Looked up once: contexts nest as deep as scopes and policies do.
  private readonly outerEffect: Context | undefined;
  private readonly outerAttempt: AttemptMark | undefined;

  constructor(
    readonly host: UnitHost,
    private readonly unit: UnitOfWork | undefined,
    readonly chain: PolicyChain,
    readonly outer: Context | undefined,
    readonly evaluation: Evaluation | undefined,
    private readonly forRoots?: PolicyChain,
  ) {
    super();
    this.outerEffect = outer?.within;
    this.outerAttempt = outer?.attempt;
  }

  override get within(): Context | undefined {
    return this.outerEffect;
  }

  override get attempt(): AttemptMark | undefined {
    return this.outerAttempt;
  }

  override get chainForRoots(): PolicyChain | undefined {
    return this.forRoots;
  }

  receiver(): UnitOfWork | undefined {
    return this.unit;
  }

  get isLive(): boolean {
    return this.evaluation === undefined && (this.unit === undefined || this.unit.state === 'open');
  }
}

/** The same place as another context, under policies that were put around it. @internal */
export class PolicyContext extends ScopeContext {
  private readonly at: Context;

  /** @param at the innermost context of `host` */
  constructor(host: UnitHost, at: Context, chain: PolicyChain, forRoots: PolicyChain | undefined) {
    const store = contexts.getStore();
    // All that the policies before it do is in the chain. Kept, each would hold the one before, as where a timer starts itself anew.
    const outer = store === at && store instanceof PolicyContext ? store.outer : store;
    super(host, undefined, chain, outer, at.evaluation, forRoots);
    this.at = at instanceof PolicyContext ? at.at : at;
  }

  override get opened(): UnitOfWork | undefined {
    return this.at.opened;
  }

  override get mayReceive(): boolean {
    return this.at.mayReceive;
  }

  override get isLive(): boolean {
    return this.at.isLive;
  }

  override receiver(): UnitOfWork | undefined {
    return this.at.receiver();
  }
}

/** The same place as another context, for an effect that is told who it is: a job that another process has sent. @internal */
export class JobContext extends ScopeContext {
  private readonly running: RunningEffect;

  constructor(at: Context, facts: EffectFacts) {
    super(at.host, at.receiver(), at.chain, at.outer, at.evaluation);
    this.running = new RunningEffect(facts);
  }

  override get within(): Context {
    return this;
  }

  override get effect(): CurrentEffect {
    return this.running;
  }
}

/** An effect at work. What it enqueues goes into a unit of its own (rule 19), opened at the first call. @internal */
export class EffectContext extends Context {
  private outcome: Outcome | undefined;
  private ended: Effect | undefined = undefined;
  private options: EnqueueOptions | undefined = undefined;
  /** Made when the effect asks who it is, and kept beyond its end if it may run on. */
  private running: RunningEffect | undefined = undefined;
  private unit: UnitOfWork | undefined = undefined;

  constructor(
    private readonly letOutBy: UnitOfWork,
    private intent: Intent | undefined,
    readonly outer: Context | undefined,
  ) {
    super();
  }

  get evaluation(): undefined {
    return undefined;
  }

  override get within(): Context {
    return this;
  }

  /** What an effect enqueues is the effect's. */
  override get attempt(): undefined {
    return undefined;
  }

  override get effect(): CurrentEffect | undefined {
    if (this.intent === undefined) return this.running ?? this.outer?.effect;
    return (this.running ??= new RunningEffect(this.intent));
  }

  /** Aborts at the time limit; of an effect that has ended already, never. */
  get signal(): AbortSignal {
    if (this.intent !== undefined) this.running ??= new RunningEffect(this.intent);
    return this.running?.signal ?? new AbortController().signal;
  }

  /** The time limit is over. */
  abort(reason: Error): void {
    abortEffect((this.running ??= new RunningEffect(this.intent!)), reason);
  }

  /** The scope that lets it out, for messages. */
  get scope(): string {
    return this.letOutBy.label;
  }

  get host(): UnitHost {
    return this.letOutBy.host;
  }

  get chain(): PolicyChain {
    return this.letOutBy.chain;
  }

  override get opened(): UnitOfWork | undefined {
    return this.unit;
  }

  override get mayReceive(): boolean {
    return this.isLive;
  }

  receiver(): UnitOfWork {
    if (this.unit !== undefined) return this.unit;
    const { host, chain, executor, failFast, level } = this.letOutBy;
    const name = this.intent?.name ?? effectName(this.options!, this.ended!);
    this.unit = new UnitOfWork(host, {
      name: `effect ${name}`,
      chain,
      executor,
      failFast,
      level: {
        depth: (level?.depth ?? 0) + 1,
        effect: name,
        above: level,
        origin: level?.origin ?? this.letOutBy,
        cascade: level?.cascade ?? (this.letOutBy.cascade ??= { calls: 0 }),
      },
    });
    if (this.outcome !== undefined) {
      this.unit.close('the end of the effect');
      this.unit.end(this.outcome === 'completed' ? 'flushed' : 'discarded', this.outcome);
    }
    return this.unit;
  }

  /** From here on calls are late. @returns the unit to settle, where the effect enqueued anything */
  end(outcome: Outcome): UnitOfWork | undefined {
    this.outcome = outcome;
    // What the effect leaves behind, such as a pooled connection, keeps this context but need not keep arguments. The name is
    // made of these if a late call asks for it: reading `Function.name` each time costs a third of a dispatch.
    this.options = stampOf(this.intent!).options;
    this.ended = this.intent!.effect;
    this.intent = undefined;
    if (this.running !== undefined && !isAborted(this.running)) this.running = undefined;
    return this.unit;
  }

  get hasUnheard(): boolean {
    return this.unit !== undefined && hasUnheard(this.unit);
  }

  /** @throws the error of a refused call made in this effect that nobody has listened to */
  assertHeard(): void {
    if (this.unit !== undefined) raiseUnheard(this.unit, this.host);
  }

  /** Whether `unit` waits for the end of this effect, be it in a cascade. */
  isAwaitedBy(unit: UnitOfWork): boolean {
    return this.outcome === undefined && (this.letOutBy.level?.origin ?? this.letOutBy) === unit;
  }

  get isLive(): boolean {
    return this.unit === undefined ? this.outcome === undefined : this.unit.state === 'open';
  }
}

/**
 * The effect that is running here, in this process or as a worker's job; undefined anywhere else. What a job leaves behind, such as
 * a timer, is told its job.
 *
 * @publicApi
 */
export function currentEffect(): CurrentEffect | undefined {
  return contexts.getStore()?.effect;
}

/** @internal */
export const contexts = new AsyncLocalStorage<Context>();

/** The innermost context of one application. @internal */
export function contextOf(host: UnitHost): Context | undefined {
  let context = contexts.getStore();
  while (context !== undefined && context.host !== host) context = context.outer;
  return context;
}

/** What can be seen of the unit that code in a context is part of; undefined where a shutdown refuses it. @internal */
export function viewAt(context: Context | undefined): ScopeView | undefined {
  try {
    return context?.receiver()?.view;
  } catch (error) {
    if (error instanceof ShuttingDownError) return undefined;
    throw error;
  }
}

/** Whether code here is part of an effect that `unit` is letting out. @internal */
export function isWithinEffectOf(unit: UnitOfWork): boolean {
  let effect = contexts.getStore()?.within;
  while (effect !== undefined && !(effect instanceof EffectContext && effect.isAwaitedBy(unit)))
    effect = effect.outer?.within;
  return effect !== undefined;
}

/** Identifies the flush that is asking the policy at hand; undefined anywhere else. @internal */
export function currentFlush(): object | undefined {
  return contexts.getStore()?.evaluation?.flush;
}
