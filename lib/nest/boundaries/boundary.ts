import type { CallHandler, ExecutionContext, HttpServer } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { PreparedScope } from '../../core/prepared-scope.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import type { Policy } from '../../core/model/policy.js';
import { isSkipped } from '../decorators/skip-airlock.decorator.js';
import { policiesOn } from '../decorators/use-airlock-policy.decorator.js';
import { airlockOn } from '../decorators/airlock.decorator.js';
import { answersItself } from './answers-itself.js';
import type { Candidate } from '../container/candidate.js';
import type { BoundaryOptions, DispatchTime } from '../options/boundary-options.js';

/**
 * A kind of entry point that runs interceptors: opens a scope around the handler and learns its
 * outcome.
 * @internal
 */
export interface Boundary {
  readonly plans: HandlerPlans;
  /** Moment at which the scope opens, for boundaries that let it be chosen. */
  readonly openAt?: 'request' | 'handler';
  readonly dispatch?: DispatchTime;
  /** True if the class-level interceptor may call this boundary too, not only the global one. */
  readonly isOnClass?: boolean;
  around(context: ExecutionContext, next: CallHandler): Observable<unknown>;
  /** Covers further functions that the peer calls for the entry point at `key` of an instance. */
  cover?(instance: object, key: string, scope: PreparedScope): void;
  /**
   * Covers functions of a gateway that Nest takes before modules are initialised, when policies are
   * not resolved yet.
   */
  coverGateway?(instance: object, candidate: Candidate): void;
  /** To be called before anything is registered with the server. */
  applyTo?(server: HttpServer): void;
  /** To be called before the modules of the application are initialised. */
  start?(): void;
  /** To be called when all modules are initialised. */
  ready?(): void;
}

/** The settings of the scopes of one handler, decided once. @internal */
export interface HandlerPlan {
  readonly isSkipped: boolean;
  /** Policies of the method and its class, innermost first. */
  readonly policies: readonly Policy[];
  readonly scope: PreparedScope;
  /** Dispatch time that the handler chooses; undefined if it chooses none. */
  readonly dispatch: DispatchTime | undefined;
  /** True if the handler sends the answer to its request itself. */
  readonly answersItself: boolean;
}

/** A class or a method. */
interface Named {
  readonly name: string;
}

/**
 * Reads the plans of handlers and keeps them.
 *
 * @throws AirlockOptionsError for a policy that cannot be resolved
 * @internal
 */
export class HandlerPlans {
  private readonly plans = new WeakMap<object, WeakMap<object, HandlerPlan>>();

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly options: BoundaryOptions,
  ) {}

  /**
   * Returns the plan of a handler in a class. The same handler may be inherited by other classes,
   * and one class be provided in several modules, with other policies in each.
   *
   * @param on the instance, if it is known and lasts
   */
  of(type: Named, handler: Named, key?: string, on: object = type): HandlerPlan {
    let ofType = this.plans.get(on);
    if (ofType === undefined) this.plans.set(on, (ofType = new WeakMap()));
    let plan = ofType.get(handler);
    if (plan === undefined) ofType.set(handler, (plan = this.read(type, handler, key, on)));
    return plan;
  }

  private read(type: Named, called: Named, key = nameOf(called), on: object): HandlerPlan {
    const handler = declaredAs(type, called, key);
    const policies = this.runtime.policiesOf([...policiesOn(handler), ...policiesOn(type)], on);
    const own = this.runtime.prepare({ ...this.options, name: `${type.name}.${key}` });
    return {
      isSkipped: isSkipped(type, handler),
      dispatch: airlockOn(handler)?.dispatch,
      answersItself: answersItself(type, handler, key),
      policies,
      scope: { ...own, policies: [...policies, ...own.policies] },
    };
  }
}

const BOUND = /^bound /;

/** The name of a handler; some libraries run one that is bound to its object already. */
function nameOf({ name }: Named): string {
  return name.replace(BOUND, '');
}

/**
 * The method that carries the metadata of a handler. For a bound handler it is the method of its
 * class.
 */
function declaredAs(type: Named, handler: Named, key: string): Named {
  if (!BOUND.test(handler.name)) return handler;
  const method = (type as { readonly prototype?: Record<string, unknown> }).prototype?.[key];
  return typeof method === 'function' ? method : handler;
}

/**
 * Makes an `onDispatchError` for boundaries that does not throw: an error of the user's function is
 * logged with the one that it was given, since no caller would see them.
 * @internal
 */
export function safely(how: OnDispatchError, runtime: AirlockRuntime): OnDispatchError {
  if (typeof how !== 'function') return how;
  return async (dispatchError) => {
    try {
      await how(dispatchError);
    } catch (error) {
      runtime.logError(dispatchError);
      runtime.logError(error);
    }
  };
}
