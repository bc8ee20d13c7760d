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
  /** Covers what the peer calls for an entry point of an instance besides the method at `key`. */
  cover?(instance: object, key: string, scope: PreparedScope): void;
  /** Prepares the server, before anything is registered with it. */
  applyTo?(server: HttpServer): void;
  /** Before the modules of the application are initialised. */
  start?(): void;
}

/** Everything that one handler's scope is opened with, decided once. @internal */
export interface HandlerPlan {
  readonly isSkipped: boolean;
  /** Policies of the method and its class, innermost first. */
  readonly policies: readonly Policy[];
  readonly scope: PreparedScope;
  /** Dispatch time that the handler chooses; undefined where it chooses none. */
  readonly dispatch: DispatchTime | undefined;
  /** Whether the handler sends the answer to its request itself. */
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
  private readonly plans = new WeakMap<object, Map<object, HandlerPlan>>();

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly options: BoundaryOptions,
  ) {}

  /**
   * The handler may be inherited, so it is its class that tells plans apart, or its instance where
   * a class is provided in several modules, each with policies of its own.
   *
   * @param on the instance, where it is known and lasts
   */
  of(type: Named, handler: Named, key?: string, on: object = type): HandlerPlan {
    let ofType = this.plans.get(on);
    if (ofType === undefined) this.plans.set(on, (ofType = new Map()));
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

/** Some libraries have a handler run that is bound to its object already. */
function nameOf({ name }: Named): string {
  return name.replace(BOUND, '');
}

/** The method that carries what decorators have said of a handler. */
function declaredAs(type: Named, handler: Named, key: string): Named {
  if (!BOUND.test(handler.name)) return handler;
  const method = (type as { readonly prototype?: Record<string, unknown> }).prototype?.[key];
  return typeof method === 'function' ? method : handler;
}

/**
 * `onDispatchError` of boundaries: a handler that throws is logged with what it was given, for
 * nobody else sees it.
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
