import { AsyncLocalStorage } from 'node:async_hooks';
import { type Effect, type EnqueueOptions, fixed } from '../model/enqueue-options.js';
import type { Policy } from '../model/policy.js';
import type { AttemptMark, Stamp } from '../model/intent.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { methodOf } from '../effect/bound-effect.js';
import type { PolicyChain } from './policy-chain.js';
import type { HasRefusals } from '../model/refusal.js';
import type { CurrentEffect } from './running-effect.js';
import type { ScopeView } from '../model/scope-view.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { type UnitHost, UnitOfWork } from './unit-of-work.js';

/** A policy at work: whoever calls an effect within it is that policy (rule 13). @internal */
export interface PolicyEvaluation extends HasRefusals {
  readonly policy: Policy;
  /**
   * The flush that asks; undefined at the call. Identity only, for policies that count per flush.
   */
  readonly flush: object | undefined;
  isActive: boolean;
}

/**
 * The place where code stands: in whose application, in which unit of work, under which policies.
 * Contexts of several applications nest through `outer`, and each sees its own only (rule 18).
 *
 * @internal
 */
export abstract class Context {
  abstract readonly host: UnitHost;
  abstract readonly chain: PolicyChain;
  abstract readonly outer: Context | undefined;
  abstract readonly evaluation: PolicyEvaluation | undefined;
  /** Calls beside transactions that were begun here and are open; made at the first. */
  callsBeside: Set<{ isAmbiguous: boolean }> | undefined = undefined;
  private stamp: Stamp | undefined = undefined;
  private stamped: Effect | undefined = undefined;

  /**
   * The unit that takes a call made here; undefined outside a scope. Where a scope opens with its
   * first effect, this opens it.
   */
  abstract receiver(): UnitOfWork | undefined;

  /** The unit that is open already, for code that only looks: opens none. */
  get opened(): UnitOfWork | undefined {
    return this.receiver();
  }

  /** True if there is a unit for calls made here, be it still to be opened. */
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

  /**
   * The context in which the scope of an entry point that is reached here opens: this one, or
   * beside what is open around a whole request.
   */
  get forEntryPoints(): Context {
    return this;
  }

  /**
   * True if a scope opened here belongs to this context, or is a new root in what an ended one left
   * behind (rule 3).
   */
  abstract get isLive(): boolean;

  /**
   * Policies that a new root opened here stands under, where not the application's alone: those put
   * around it since.
   */
  get chainForRoots(): PolicyChain | undefined {
    return undefined;
  }

  /**
   * Calls in a loop mostly differ in nothing but their arguments, so the last stamp is kept. It
   * holds while options are the same fixed object and no other transaction is open; policies of
   * their own may be those of another object's module.
   */
  stampFor(
    unit: UnitOfWork,
    options: EnqueueOptions,
    frame: StampedFrame | undefined,
    effect: Effect,
  ): Stamp {
    const { stamp } = this;
    if (
      stamp !== undefined &&
      stamp.options === options &&
      stamp.frame === frame &&
      stamp.birthplace === unit
    ) {
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
      executor:
        options.executor === undefined ? unit.executor : unit.host.executorNamed(options.executor),
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
    readonly evaluation: PolicyEvaluation | undefined,
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

/** @internal */
export const contexts = new AsyncLocalStorage<Context>();

/** The innermost context of one application. @internal */
export function contextOf(host: UnitHost): Context | undefined {
  let context = contexts.getStore();
  while (context !== undefined && context.host !== host) context = context.outer;
  return context;
}

/**
 * The scope that code in a context is part of, as code inside may see it; undefined where a
 * shutdown refuses it.
 * @internal
 */
export function viewAt(context: Context | undefined): ScopeView | undefined {
  try {
    return context?.receiver()?.view;
  } catch (error) {
    if (error instanceof ShuttingDownError) return undefined;
    throw error;
  }
}

/** Identifies the flush that is asking the policy at hand; undefined anywhere else. @internal */
export function currentFlush(): object | undefined {
  return contexts.getStore()?.evaluation?.flush;
}

/**
 * The effect that is running here, in this process or as a worker's job; undefined anywhere else.
 * What a job leaves behind, such as a timer, is told its job.
 *
 * @publicApi
 */
export function currentEffect(): CurrentEffect | undefined {
  return contexts.getStore()?.effect;
}
