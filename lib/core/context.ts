import { AsyncLocalStorage } from 'node:async_hooks';
import type { Intent, Policy } from './intent.js';
import type { PolicyChain } from './policy-chain.js';
import type { UnitHost } from './unit-of-work.js';
import { UnitOfWork } from './unit-of-work.js';

/** A policy at work: whoever calls an effect within it is that policy (rule 13). @internal */
export interface Evaluation {
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
export class Context {
  /** The unit's own end, for effects that opened none. */
  hasEnded = false;

  constructor(
    readonly host: UnitHost,
    public unit: UnitOfWork | undefined,
    readonly chain: PolicyChain,
    readonly outer: Context | undefined,
    readonly evaluation: Evaluation | undefined,
    private readonly flush?: EffectContexts,
    private readonly intent?: Intent,
  ) {}

  /** The unit that takes a call made here; undefined outside a scope. */
  receiver(): UnitOfWork | undefined {
    if (this.unit !== undefined || this.flush === undefined) return this.unit;
    this.unit = this.flush.openUnit(this.intent!);
    if (this.hasEnded) this.unit.close('the end of the effect');
    return this.unit;
  }

  /** Whether a scope opened here belongs to this context, or is a new root in what an ended one left behind (rule 3). */
  get isLive(): boolean {
    if (this.evaluation !== undefined) return false;
    return this.unit === undefined ? !this.hasEnded : this.unit.state === 'open';
  }
}

/** Makes the contexts in which the effects of one flush run (rule 19). @internal */
export class EffectContexts {
  private trail: readonly string[] | undefined;

  constructor(
    private readonly letOutBy: UnitOfWork,
    private readonly outer: Context | undefined,
  ) {}

  next(intent: Intent): Context {
    return new Context(this.letOutBy.host, undefined, this.letOutBy.chain, this.outer, undefined, this, intent);
  }

  openUnit(intent: Intent): UnitOfWork {
    const { host, chain, executor, failFast, level } = this.letOutBy;
    this.trail ??= level?.trail ?? [];
    return new UnitOfWork(host, {
      name: `effect ${intent.name}`,
      chain,
      executor,
      failFast,
      level: { depth: (level?.depth ?? 0) + 1, trail: [...this.trail, intent.name] },
    });
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

/** Identifies the flush that is asking the policy at hand; undefined anywhere else. @internal */
export function currentFlush(): object | undefined {
  return contexts.getStore()?.evaluation?.flush;
}
