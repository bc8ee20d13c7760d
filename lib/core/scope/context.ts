import { type Effect, type EnqueueOptions, fixed } from '../model/enqueue-options.js';
import type { Policy } from '../model/policy.js';
import type { AttemptMark, Stamp } from '../model/intent.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { methodOf } from '../effect/bound-effect.js';
import { places } from './place.js';
import { PolicyChain } from './policy-chain.js';
import type { HasRefusals } from '../model/refusal.js';
import type { CurrentEffect } from './running-effect.js';
import type { ScopeView } from '../model/scope-view.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { type UnitHost, UnitOfWork } from './unit-of-work.js';

/**
 * Marks that a policy is running, so that an effect called in it is refused with
 * `PolicyEnqueueError` (rule 13).
 *
 * @internal
 */
export interface PolicyEvaluation extends HasRefusals {
  readonly policy: Policy;
  /** Identity of the flush that asks, for policies that count per flush; undefined at the call. */
  readonly flush: object | undefined;
  /** False once the policy has been asked. */
  isActive: boolean;
}

/**
 * The place where code stands: in which application, in which unit of work, under which policies.
 * Contexts of several applications nest through `outer`, and each sees only its own (rule 18).
 *
 * @internal
 */
export abstract class Context {
  abstract readonly host: UnitHost;
  abstract readonly chain: PolicyChain;
  abstract readonly outer: Context | undefined;
  abstract readonly evaluation: PolicyEvaluation | undefined;
  /** Calls beside the open transactions that statements have begun here; made with the first. */
  callsBeside: Set<{ isAmbiguous: boolean }> | undefined = undefined;
  private stamp: Stamp | undefined = undefined;
  private stamped: Effect | undefined = undefined;

  /**
   * The unit that takes a call made here; undefined outside a scope. Opens the scope, if that opens
   * with its first effect.
   */
  abstract receiver(): UnitOfWork | undefined;

  /** The unit that is open already, for code that only looks: opens none. */
  get opened(): UnitOfWork | undefined {
    return this.receiver();
  }

  /** True if a call made here would be taken, even if the scope is still to be opened. */
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
   * The context in which an entry point that is reached here opens its scope: this one, or the one
   * around the whole request.
   */
  get forEntryPoints(): Context {
    return this;
  }

  /**
   * True if a scope opened here belongs to this context; false in what an ended scope has left
   * behind, where it is a new root (rule 3).
   */
  abstract get isLive(): boolean;

  /**
   * Policies for a new root that is opened here: the application's, and those that were put around
   * it since. Undefined for the application's alone.
   */
  get chainForRoots(): PolicyChain | undefined {
    return undefined;
  }

  /**
   * Returns the stamp of a call. Calls in a loop mostly differ only in their arguments, so the last
   * stamp is kept. It is valid for the same options, which are frozen, in the same transaction; for
   * options with policies also the effect has to be the same, since their classes are resolved from
   * the module of its object.
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

/** Context of code in a scope, or in a policy that is being asked. @internal */
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

/** The context that code runs in, as an `AsyncLocalStorage` would have it. @internal */
export const contexts = {
  getStore(): Context | undefined {
    return places.getStore()?.context as Context | undefined;
  },

  /** Runs `fn` in a context, and in the transaction that its caller runs in. */
  run<R, A extends unknown[]>(context: Context | undefined, fn: (...args: A) => R, ...args: A): R {
    return places.run({ context, frame: places.getStore()?.frame }, fn, ...args);
  },
};

/** The innermost context of one application. @internal */
export function contextOf(host: UnitHost): Context | undefined {
  let context = contexts.getStore();
  while (context !== undefined && context.host !== host) context = context.outer;
  return context;
}

/**
 * The scope that code in a context is part of, as code inside may see it; undefined if a shutdown
 * refuses to open it.
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

/**
 * The context in which a policy is asked: in no scope, and marked so that its calls of effects are
 * refused.
 *
 * @internal
 */
export function contextOfEvaluation(unit: UnitOfWork, evaluation: PolicyEvaluation): Context {
  return new ScopeContext(unit.host, undefined, PolicyChain.empty, undefined, evaluation);
}

/** Identity of the flush that asks the running policy; undefined anywhere else. @internal */
export function currentFlush(): object | undefined {
  return contexts.getStore()?.evaluation?.flush;
}

/**
 * The effect that is running here, in this process or as a worker's job; undefined anywhere else.
 * Something that a job has left running, such as a timer, still gets the job.
 *
 * @publicApi
 */
export function currentEffect(): CurrentEffect | undefined {
  return contexts.getStore()?.effect;
}
