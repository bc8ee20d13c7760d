import { inspect } from 'node:util';
import type { CarriedContext } from './context-carrier.js';
import {
  type Effect,
  type EffectTrigger,
  effectName,
  type EnqueueOptions,
} from './enqueue-options.js';
import type { Executor } from './executor.js';
import type { Policy, PolicyPath } from './policy.js';
import type { StampedFrame } from './stamped-frame.js';

/** The unit of work an intent was born in, for its id and origin. @internal */
export interface Birthplace {
  readonly id: string;
  readonly name: string | undefined;
  /** Identifies the application. */
  readonly host: object;
  /** Level of the cascade; undefined if no effect has made the call. */
  readonly level?: object | undefined;
}

/** One invocation of work that may be invoked again, as the mark of calls made in it. @internal */
export interface AttemptMark {
  /** True once it has failed: its calls count as those of failed work, however the unit ends. */
  readonly hasFailed: boolean;
  /** True once it has failed and the work was invoked again, so that its calls do not count. */
  readonly isAbandoned: boolean;
}

/** Facts that calls share if they are made in one place with the same options. @internal */
export interface Stamp {
  /** Undefined outside transactions, and for a call that survives their rollback. */
  readonly frame: StampedFrame | undefined;
  readonly birthplace: Birthplace;
  /** Undefined if nothing can invoke the work again. */
  readonly attempt: AttemptMark | undefined;
  readonly options: EnqueueOptions;
  readonly path: PolicyPath;
  readonly executor: Executor;
  readonly on: EffectTrigger;
  /** The executor that it was called with, which has handed it on to `executor`. */
  readonly calledWith?: Executor;
  /** True if its executor has written it down, and the executor's successor is to take it over. */
  readonly isWritten?: boolean;
}

/** Internal data of an intent, for core and the testing kit only. @internal */
export let stampOf: (intent: Intent) => Stamp;
/** Calls the effect with its arguments, as an in-process executor does. @internal */
export let invoke: (intent: Intent) => unknown;
/** Gives an intent the values that travel with it from its call to its run. @internal */
export let carry: (intent: Intent, carried: CarriedContext | undefined) => void;
/** The values that travel with an intent. @internal */
export let carriedWith: (intent: Intent) => CarriedContext | undefined;
/** The same call, with the same id, under another stamp. @internal */
export let restamped: (intent: Intent, stamp: Stamp) => Intent;

/** The executor that a call was made for, even if it has handed the effect on. @internal */
export function executorOf(intent: Intent): Executor {
  const { calledWith, executor } = stampOf(intent);
  return calledWith ?? executor;
}

/**
 * Freezes an intent before user code sees it. Done late: freezing at every call would cost more
 * than the call.
 * @internal
 */
export function freeze(intent: Intent): Intent {
  Object.freeze(intent);
  return intent;
}

/**
 * One buffered call of an effect. Immutable: everything is read through getters, arrays are frozen.
 *
 * Names, ids and frozen arguments are made when they are read, so that a call costs one small
 * object.
 *
 * @publicApi
 */
export class Intent {
  readonly #stamp: Stamp;
  readonly #sequence: number;
  readonly #effect: Effect;
  readonly #args: unknown[];
  #carried: CarriedContext | undefined = undefined;

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

  /**
   * The arguments as they were at the call. For in-process executors plain objects and arrays are
   * copies; for remote ones everything is.
   */
  get args(): readonly unknown[] {
    return Object.freeze(this.#args);
  }

  get origin(): string | undefined {
    return this.#stamp.options.origin ?? this.#stamp.birthplace.name;
  }

  /** The name of the executor it was called with; undefined for its scope's. */
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

  /**
   * True if its local policies (`withPolicy` and its own) allow it; a Promise only if one of
   * them is asynchronous.
   */
  passesLocalPolicies(): boolean | Promise<boolean> {
    return this.#stamp.path.passesLocal(this);
  }

  /** Name and id, never arguments: they may be secret. */
  toString(): string {
    return `${this.name} (${this.id})`;
  }

  /** Prints as the same text, for `console.log` and the REPL. @internal */
  [inspect.custom](): string {
    return `Intent ${this.toString()}`;
  }

  static {
    stampOf = (intent) => intent.#stamp;
    invoke = (intent) => {
      const effect = intent.#effect as (...args: unknown[]) => unknown;
      return effect(...intent.#args);
    };
    restamped = (intent, stamp) => {
      const same = new Intent(stamp, intent.#sequence, intent.#effect, intent.#args);
      same.#carried = intent.#carried;
      return same;
    };
    carry = (intent, carried) => {
      intent.#carried = carried;
    };
    carriedWith = (intent) => intent.#carried;
  }
}
