import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { AirlockRuntime } from '../core/airlock-runtime.js';
import type { OnDispatchError } from '../core/effect-scope.js';
import { type Boundary, HandlerPlans, safely } from './boundary.js';
import { follow } from '../core/follow.js';
import type { AirlockModuleOptions, BoundaryOptions } from './options.js';
import { unscoped } from './unscoped.js';

/**
 * A scope per call of a handler, open around it, its pipes and interceptors, which ends with the handler's Observable.
 *
 * @internal
 */
export class InterceptedBoundary implements Boundary {
  readonly plans: HandlerPlans;
  private readonly onDispatchError: OnDispatchError;

  constructor(
    private readonly runtime: AirlockRuntime,
    options: BoundaryOptions,
    module: AirlockModuleOptions,
  ) {
    this.plans = new HandlerPlans(runtime, options);
    this.onDispatchError = safely(module.onDispatchError ?? 'report', runtime);
  }

  around(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const plan = this.plans.of(context.getClass(), context.getHandler());
    if (plan.isSkipped) return unscoped(next);
    return new Observable((subscriber) => {
      const scope = this.runtime.enter(plan.scope, this.runtime.context.forEntryPoints);
      return follow(
        () => next.handle(),
        subscriber,
        scope,
        (outcome) => this.runtime.conclude(scope, outcome, 'the end of the handler', this.onDispatchError),
      );
    });
  }
}
