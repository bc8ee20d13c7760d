import type { EffectTrigger } from '../../core/model/enqueue-options.js';
import type { BoundaryName, DispatchTime } from '../options/boundary-options.js';
import type { AdapterReport, WorkerReport } from './self-description.js';

/** One kind of entry point. @publicApi */
export interface BoundaryReport {
  /** For one of the application's own `entryPoints`, the name that was given there. */
  readonly name: BoundaryName;
  /** False if it was switched off. */
  readonly isOn: boolean;
  readonly policies: readonly string[];
  /**
   * The methods it covers, as `OrderController.place`; none if it is off. Those with
   * `@SkipAirlock()` are left out.
   */
  readonly entryPoints: readonly string[];
  /** `http` only. */
  readonly openAt?: 'request' | 'handler';
  /** `http` only: what holds unless a handler or an effect says otherwise. */
  readonly dispatch?: DispatchTime;
}

/** A policy, and the place that puts it on the way. @publicApi */
export interface PolicyReport {
  /** Its class. */
  readonly name: string;
  /**
   * The place it stands at, such as `@UseAirlockPolicy on OrderController`, `boundaries.http` or
   * `AirlockModule`.
   */
  readonly from: string;
}

/** One method that opens a scope: an entry point, or an `@Airlock()` method. @publicApi */
export interface EntryPointReport {
  /** Class and method, such as `OrderController.place`. */
  readonly name: string;
  /** The kind of entry point, or `@Airlock`. */
  readonly boundary: BoundaryName | '@Airlock';
  /** The policies on the way of effects called in it, in the order in which they are asked. */
  readonly policies: readonly PolicyReport[];
  /** `http` only. */
  readonly openAt?: 'request' | 'handler';
  /** `http` only: whether its effects run before the response or after it. */
  readonly dispatch?: DispatchTime;
}

/** One `@SideEffect()` method. @publicApi */
export interface EffectReport {
  readonly name: string;
  /** The named executor it goes to, or `default`. */
  readonly executor: string;
  readonly on: EffectTrigger;
  /** The policies of its own, which come before those of the entry point. */
  readonly policies: readonly PolicyReport[];
  /**
   * The form in which its arguments are kept: `copies` in this process, `JSON`, or the class of a
   * serializer.
   */
  readonly serializer: string;
  /**
   * Milliseconds that one run may take in this process; `false` where the executor bounds its
   * waiting itself, or nothing does.
   */
  readonly timeoutMs: number | false;
}

/**
 * Report of what is in force in an application. Prints as a page of text in a terminal and in the
 * REPL.
 *
 * @publicApi
 */
export interface AirlockReport {
  readonly boundaries: readonly BoundaryReport[];
  /** Every method that opens a scope. */
  readonly entryPoints: readonly EntryPointReport[];
  /** Class names by executor name; `default` is what effects use that name none. */
  readonly executors: Readonly<Record<string, string>>;
  readonly effects: readonly EffectReport[];
  /**
   * The methods of providers that are buffered in a scope because of `intercept`, as
   * `Queue(stock).add`.
   */
  readonly intercepted: readonly string[];
  /** The application's own policies, by class name. */
  readonly policies: readonly string[];
  /** The database clients whose transactions are tracked. */
  readonly adapters: readonly AdapterReport[];
  /** The workers that run effects from other processes in this one. */
  readonly workers: readonly WorkerReport[];
  /** Warnings of the boot. */
  readonly warnings: readonly string[];
  /** The report as text, as it prints in a terminal. */
  toString(): string;
}
