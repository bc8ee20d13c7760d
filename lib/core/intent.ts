import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import type { DispatchContext } from './dispatch-context.js';
import { assertTimeLimit } from './duration.js';
import type { StampedFrame } from './stamped-frame.js';

/** When an intent wants out, seen from the outcome of its scope. @publicApi */
export type EffectTrigger = 'success' | 'failure' | 'always';

const TRIGGERS: readonly EffectTrigger[] = ['success', 'failure', 'always'];

/** How a unit of work ended. @publicApi */
export type Outcome = 'completed' | 'failed' | 'cancelled';

/** A callable whose run changes the outside world. @internal */
export type Effect = (...args: never[]) => unknown;

/**
 * Decides *whether* an intent gets out. Policies only narrow: every one on an intent's way must allow it.
 *
 * @publicApi
 */
export interface Policy {
  /** Runs at the call, in the caller's stack. Throwing refuses the call: nothing is buffered and the caller sees the error. */
  onEnqueue?(intent: Intent): void;
  /** Runs at the flush. `false` drops the intent; throwing drops it too and reports it as failed. @default true */
  allows?(intent: Intent): boolean | Promise<boolean>;
  /**
   * The effects it singles out, by reference or name, if it has such a list. A name among them that no effect of the application
   * carries is warned of: a policy with a typing error would let everything pass unheard.
   */
  readonly namedEffects?: Iterable<string | ((...args: never[]) => unknown)>;
}

/**
 * A policy, or a class that Nest resolves like a guard: the provider of it as seen from the module it stands in, else any provider, else
 * built there with its dependencies. Without Nest it is built with no arguments.
 *
 * @publicApi
 */
export type PolicyRef = Policy | (new (...args: never[]) => Policy);

/** How one intent of a batch ended: it got out where `error` is absent or `undefined`, so what failed without an error is given one. @publicApi */
export interface DispatchResult {
  readonly intent: Intent;
  readonly error?: unknown;
}

/** A call of an effect before it is an intent, in the caller's stack. @publicApi */
export interface EffectCall {
  readonly name: string;
  readonly effect: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  /** As the intent will carry them. An executor that does not know one refuses the call, rather than the intent at the flush. */
  readonly dispatchOptions?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Decides *how* an intent runs once it is let out.
 *
 * @publicApi
 */
export interface Executor {
  /** Runs one intent. A Promise or an Observable is awaited to its end; an error makes the intent failed. */
  execute(intent: Intent, context: DispatchContext): unknown;
  /** Runs consecutive intents at once and resolves to one result per intent, in order: `error` says why one did not get out, and `undefined` that it did. A missing result counts as failed. */
  executeBatch?(intents: readonly Intent[], context: DispatchContext): Promise<readonly DispatchResult[]>;
  /** Whether it can run this effect; what it does not accept the in-process executor runs. Throwing refuses the call. @default true */
  accepts?(call: EffectCall): boolean;
  /** What is kept of a call's arguments. Throwing refuses the call. @default a copy of plain JSON data where `remote`, else copies of plain objects and arrays */
  keepArguments?(call: EffectCall): unknown[];
  /** True if intents leave the process, so that their arguments are serialised at the call; else plain objects and arrays are copied. @default false */
  readonly remote?: boolean;
  /** True if intents are written through the open transaction's own connection; else they wait for its commit. @default false */
  readonly transactional?: boolean;
  /**
   * How long one call of it may take, in milliseconds, where the effect has no limit of its own; `false` for an executor that bounds its
   * waiting itself, as those of engines do: then no other limit counts. @default the application's `effectTimeoutMs`
   */
  readonly timeoutMs?: number | false;
  /** How many consecutive intents may run at a time, where it has no `executeBatch`. @default 1 */
  readonly concurrency?: number;
}

/** An executor, a class that becomes one, or a function that runs one intent. @publicApi */
export type ExecutorRef = Executor | (new (...args: never[]) => Executor) | ((intent: Intent) => unknown);

/** What one call of an effect may set. @publicApi */
export interface EnqueueOptions {
  /** Name for policies, logs and reports. @default the function's name, or `Class.method` */
  readonly name?: string;
  /** Where the call came from. @default the name of the scope it was made in */
  readonly origin?: string;
  /** One of the application's named executors. @default the scope's */
  readonly executor?: string;
  /** On which outcome it goes out. @default 'success' */
  readonly on?: EffectTrigger;
  /** Further policies of this effect alone. */
  readonly policy?: PolicyRef | readonly PolicyRef[];
  /**
   * Of calls of one effect under the same key, in a scope and those nested in it, only the first that outcome, transaction and
   * policies let out goes out, be it to fail; the others are dropped as `duplicate`.
   */
  readonly dedupeKey?: string;
  /** True to let it out even if the transaction around the call rolls back; else it shares the transaction's fate. @default false */
  readonly survivesRollback?: boolean;
  /**
   * How long it may run in this process, in milliseconds; then it counts as failed with an `EffectTimeoutError`, and its signal aborts.
   * `false`: no limit. @default the application's `effectTimeoutMs`
   */
  readonly timeoutMs?: number | false;
  /**
   * `afterResponse`: it does not hold up the answer to a request. Decided with the others, let out once the response was sent; where
   * nobody waits for a response, with the others. @default as its request does
   */
  readonly dispatch?: 'afterResponse';
  /** Handed to the executor as it is, such as a job's delay or priority. */
  readonly dispatchOptions?: Readonly<Record<string, unknown>>;
}

/**
 * Options as they are now, whatever their owner does to them later; those that are fixed already stay the same object.
 *
 * @throws AirlockOptionsError for an `on` that is no trigger, a `timeoutMs` that is no time limit, another `dispatch`
 * @internal
 */
export function fixed(options: EnqueueOptions): EnqueueOptions {
  const { dispatch, dispatchOptions, on } = options;
  assertTimeLimit('timeoutMs', options.timeoutMs);
  if (dispatch !== undefined && dispatch !== 'afterResponse')
    throw AirlockOptionsError.expected('dispatch', "'afterResponse'", dispatch);
  if (on !== undefined && !TRIGGERS.includes(on))
    throw AirlockOptionsError.expected('on', TRIGGERS.map((one) => `'${one}'`).join(' or '), on);
  if (Object.isFrozen(options) && (dispatchOptions === undefined || Object.isFrozen(dispatchOptions))) return options;
  return Object.freeze({
    ...options,
    ...(dispatchOptions && { dispatchOptions: Object.freeze({ ...dispatchOptions }) }),
  });
}

/** @internal */
export function effectName(options: EnqueueOptions, effect: Effect): string {
  return options.name ?? (effect.name || '(anonymous)');
}

/** Of a list that grows at its front and shares the rest with shorter ones. @internal */
export interface PolicyLink {
  readonly policy: Policy;
  readonly next: PolicyLink | undefined;
}

/** The policies on an intent's way. @internal */
export interface PolicyPath {
  /** Innermost first; made anew each time. */
  readonly policies: readonly Policy[];
  /** Those with a say at the call. */
  readonly watchers: PolicyLink | undefined;
  /** Those with a say at the flush. */
  readonly gates: PolicyLink | undefined;
  passesLocal(intent: Intent): boolean | Promise<boolean>;
}

/** The unit of work an intent was born in, for its id and origin. @internal */
export interface Birthplace {
  readonly id: string;
  readonly name: string | undefined;
}

/** An invocation that calls were made in, of work that may be invoked again. @internal */
export interface AttemptMark {
  /** True once it has failed and the work was invoked again, so that its calls do not count. */
  readonly isAbandoned: boolean;
}

/** What calls share that are made in one place with the same options. @internal */
export interface Stamp {
  /** None outside transactions, and where a call survives their rollback. */
  readonly frame: StampedFrame | undefined;
  readonly birthplace: Birthplace;
  /** None where nothing can invoke the work again. */
  readonly attempt: AttemptMark | undefined;
  readonly options: EnqueueOptions;
  readonly path: PolicyPath;
  readonly executor: Executor;
  readonly on: EffectTrigger;
}

/** What of an intent only the flush may use. @internal */
export let stampOf: (intent: Intent) => Stamp;
/** Calls the effect with its arguments, as an in-process executor does. @internal */
export let invoke: (intent: Intent) => unknown;
/** The same intent, going out if its scope does, whatever triggered it before (rule 8). @internal */
export let asOrdinary: (intent: Intent) => Intent;

/** An intent that somebody gets to see. Freezing each at its call would cost more than the rest of it. @internal */
export function shown(intent: Intent): Intent {
  Object.freeze(intent);
  return intent;
}

/**
 * One buffered call of an effect. Immutable: everything is read through getters, arrays are frozen.
 *
 * Names, ids and frozen arguments are made when somebody looks, so that a call costs one small object.
 *
 * @publicApi
 */
export class Intent {
  readonly #stamp: Stamp;
  readonly #sequence: number;
  readonly #effect: Effect;
  readonly #args: unknown[];

  /** @internal */
  constructor(stamp: Stamp, sequence: number, effect: Effect, args: unknown[]) {
    this.#stamp = stamp;
    this.#sequence = sequence;
    this.#effect = effect;
    this.#args = args;
  }

  /** Stable from the call to the worker; unique across processes. */
  get id(): string {
    return `${this.#stamp.birthplace.id}:${this.#sequence}`;
  }

  get name(): string {
    return effectName(this.#stamp.options, this.#effect);
  }

  get effect(): (...args: unknown[]) => unknown {
    return this.#effect as (...args: unknown[]) => unknown;
  }

  /** As they were at the call. For in-process executors plain objects and arrays are copies; for remote ones everything is. */
  get args(): readonly unknown[] {
    return Object.freeze(this.#args);
  }

  get origin(): string | undefined {
    return this.#stamp.options.origin ?? this.#stamp.birthplace.name;
  }

  /** The name of the executor it was called with; undefined where it is its scope's. */
  get executor(): string | undefined {
    return this.#stamp.options.executor;
  }

  get on(): EffectTrigger {
    return this.#stamp.on;
  }

  get dispatchOptions(): Readonly<Record<string, unknown>> | undefined {
    return this.#stamp.options.dispatchOptions;
  }

  /** The policies on its way out as they stood at the call, innermost first. */
  get policies(): readonly Policy[] {
    return this.#stamp.path.policies;
  }

  /** Whether its local policies (`withPolicy` and its own) allow it; a Promise only where one of them is asynchronous. */
  passesLocalPolicies(): boolean | Promise<boolean> {
    return this.#stamp.path.passesLocal(this);
  }

  /** Name and id, never arguments: they may be secret. */
  toString(): string {
    return `${this.name} (${this.id})`;
  }

  static {
    stampOf = (intent) => intent.#stamp;
    invoke = (intent) => {
      const effect = intent.#effect as (...args: unknown[]) => unknown;
      return effect(...intent.#args);
    };
    asOrdinary = (intent) =>
      new Intent({ ...intent.#stamp, on: 'success' }, intent.#sequence, intent.#effect, intent.#args);
  }
}
