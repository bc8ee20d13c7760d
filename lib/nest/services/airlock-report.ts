import type { EffectTrigger } from '../../core/model/enqueue-options.js';
import type { BoundaryName, DispatchTime } from '../options/airlock-options.js';

/** One kind of entry point. @publicApi */
export interface BoundaryReport {
  /** For one of the application's own `entryPoints`, the name that was given there. */
  readonly name: BoundaryName;
  /** False where it was switched off. */
  readonly isOn: boolean;
  readonly policies: readonly string[];
  /** The methods it covers, as `OrderController.place`; none where it is off. Those with `@SkipAirlock()` are left out. */
  readonly entryPoints: readonly string[];
  /** `http` only. */
  readonly openAt?: 'request' | 'handler';
  /** `http` only: what holds unless a handler or an effect says otherwise. */
  readonly dispatch?: DispatchTime;
}

/** One `@SideEffect()` method. @publicApi */
export interface EffectReport {
  readonly name: string;
  /** The named executor it goes to, or `default`. */
  readonly executor: string;
  readonly on: EffectTrigger;
}

/** Report of what is in force in an application. @publicApi */
export interface AirlockReport {
  readonly boundaries: readonly BoundaryReport[];
  /** Class names by executor name; `default` is what effects use that name none. */
  readonly executors: Readonly<Record<string, string>>;
  readonly effects: readonly EffectReport[];
  /** The methods of providers that are buffered in a scope because of `intercept`, as `Queue(stock).add`. */
  readonly intercepted: readonly string[];
  /** The application's own policies, by class name. */
  readonly policies: readonly string[];
}
