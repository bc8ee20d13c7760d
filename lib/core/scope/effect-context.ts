import { Context, contexts, ScopeContext } from './context.js';
import { type Effect, effectName, type EnqueueOptions } from '../model/enqueue-options.js';
import type { Outcome, ScopeView } from '../model/scope-view.js';
import { type Intent, stampOf } from '../model/intent.js';
import type { PolicyChain } from './policy-chain.js';
import { hasUnheard, raiseUnheard } from '../model/refusal.js';
import {
  abortEffect,
  type CurrentEffect,
  type EffectFacts,
  isAborted,
  RunningEffect,
} from './running-effect.js';
import { type UnitHost, UnitOfWork } from './unit-of-work.js';

/**
 * Context of a job that another process has sent: another context, with the effect that is running.
 * @internal
 */
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

/**
 * The context of an effect that runs. What it enqueues goes into a unit of its own (rule 19),
 * opened at the first call.
 * @internal
 */
export class EffectContext extends Context {
  private outcome: Outcome | undefined;
  private endedEffect: Effect | undefined = undefined;
  private options: EnqueueOptions | undefined = undefined;
  /** Made when the effect asks for it, and kept after its end if it may run on. */
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

  /** None: an effect is no invocation of the work that has called it. */
  override get attempt(): undefined {
    return undefined;
  }

  override get effect(): CurrentEffect | undefined {
    if (this.intent === undefined) return this.running ?? this.outer?.effect;
    return (this.running ??= new RunningEffect(this.intent));
  }

  /** Aborts at the time limit; never for an effect that has ended already. */
  get signal(): AbortSignal {
    if (this.intent !== undefined) this.running ??= new RunningEffect(this.intent);
    return this.running?.signal ?? new AbortController().signal;
  }

  /** To be called when the time limit is over. */
  abort(reason: Error): void {
    abortEffect((this.running ??= new RunningEffect(this.intent!)), reason);
  }

  /** The scope that lets it out, for messages. */
  get scope(): string {
    return this.letOutBy.label;
  }

  get scopeView(): ScopeView {
    return this.letOutBy.view;
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
    const name = this.intent?.name ?? effectName(this.options!, this.endedEffect!);
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
      this.unit.end({ outcome: this.outcome, flushes: this.outcome === 'completed' });
      this.unit.tellIfAtRest();
    }
    return this.unit;
  }

  /**
   * Ends the effect: its calls are late from here on.
   *
   * @returns the unit to settle, if the effect has enqueued anything
   */
  end(outcome: Outcome): UnitOfWork | undefined {
    this.outcome = outcome;
    // An object that the effect has left behind, such as a pooled connection, keeps this context,
    // but should not keep the arguments. A late call makes the name of the effect from these two
    // fields: reading `Function.name` here would cost a third of a dispatch.
    this.options = stampOf(this.intent!).options;
    this.endedEffect = this.intent!.effect;
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

  /** True if `unit` waits for the end of this effect, directly or in a cascade. */
  isAwaitedBy(unit: UnitOfWork): boolean {
    return this.outcome === undefined && (this.letOutBy.level?.origin ?? this.letOutBy) === unit;
  }

  get isLive(): boolean {
    return this.unit === undefined ? this.outcome === undefined : this.unit.state === 'open';
  }
}

/** True if code here is part of an effect that `unit` is letting out. @internal */
export function isWithinEffectOf(unit: UnitOfWork): boolean {
  let effect = contexts.getStore()?.within;
  while (effect !== undefined && !(effect instanceof EffectContext && effect.isAwaitedBy(unit)))
    effect = effect.outer?.within;
  return effect !== undefined;
}
