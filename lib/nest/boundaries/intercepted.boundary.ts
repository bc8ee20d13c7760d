import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import type { Outcome } from '../../core/model/scope-view.js';
import { type Boundary, HandlerPlans, safely } from './boundary.js';
import { observeInScope } from '../../core/results/observe-in-scope.js';
import { LatentScope } from '../../core/latent-scope.js';
import type { AirlockModuleOptions } from '../options/airlock-options.js';
import type { BoundaryOptions } from '../options/boundary-options.js';
import { unscoped } from './unscoped.js';

/**
 * A scope per call of a handler, open around it, its pipes and interceptors, which ends with the
 * handler's Observable.
 *
 * @internal
 */
export class InterceptedBoundary implements Boundary {
  readonly plans: HandlerPlans;
  protected readonly onDispatchError: OnDispatchError;

  constructor(
    protected readonly runtime: AirlockRuntime,
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
      const { runtime } = this;
      const scope = new LatentScope(runtime, plan.scope, runtime.context.forEntryPoints);
      return observeInScope(() => next.handle(), subscriber, scope, this.ending(context, scope));
    });
  }

  /**
   * Returns the function that ends a scope with its handler's Observable, whose last emission it is
   * told.
   */
  protected ending(
    _context: ExecutionContext,
    scope: LatentScope,
  ): (outcome: Outcome, answer?: unknown) => void | Promise<void> {
    return (outcome) =>
      this.runtime.endScope(scope, outcome, 'the end of the handler', this.onDispatchError);
  }

  /** Ends a scope when no caller is left that an error could be thrown at. */
  protected async endLate(scope: LatentScope, outcome: Outcome, closedAt: string): Promise<void> {
    const how = this.onDispatchError === 'throw' ? 'report' : this.onDispatchError;
    try {
      await this.runtime.endScope(scope, outcome, closedAt, how);
    } catch (error) {
      this.runtime.logError(error);
    }
  }
}
