import type { CallHandler, ExecutionContext, HttpServer } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { AirlockRuntime } from '../../../core/airlock-runtime.js';
import { contexts } from '../../../core/context.js';
import type { EffectScope, OnDispatchError } from '../../../core/effect-scope.js';
import type { Outcome } from '../../../core/intent.js';
import { type Boundary, type HandlerPlan, HandlerPlans, safely } from '../../boundary.js';
import { follow } from '../../follow.js';
import { HttpMiddleware } from './http.middleware.js';
import { type HttpResponse, type HttpUnit, isSent, onSent, type RawRequest } from './http.messages.js';
import type { AirlockModuleOptions, BoundaryOptions } from '../../options.js';

/**
 * A scope per HTTP request, on any platform adapter: it only reads the status and waits for the end of the response.
 *
 * @internal
 */
export class HttpBoundary implements Boundary {
  readonly openAt: 'interceptor' | 'middleware';
  private readonly middleware: HttpMiddleware | undefined;
  readonly plans: HandlerPlans;
  private readonly waitsForResponse: boolean;
  private readonly onDispatchError: OnDispatchError;

  constructor(
    private readonly runtime: AirlockRuntime,
    options: BoundaryOptions,
    module: AirlockModuleOptions,
  ) {
    this.plans = new HandlerPlans(runtime, options);
    this.openAt = options.openAt ?? 'interceptor';
    this.waitsForResponse = module.dispatch === 'afterResponse';
    this.onDispatchError = safely(module.onDispatchError ?? 'report', runtime);
    if (this.openAt === 'middleware')
      this.middleware = new HttpMiddleware(runtime, options, (unit, response) => this.endAfter(unit, response));
  }

  applyTo(server: HttpServer): void {
    this.middleware?.applyTo(server);
  }

  around(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const plan = this.plans.of(context.getClass(), context.getHandler());
    const http = context.switchToHttp();
    const unit = this.middleware?.unitOf(http.getRequest<RawRequest>());
    if (plan.isSkipped) return unit === undefined ? next.handle() : outside(next);
    const response = http.getResponse<HttpResponse>();
    // A client that left while a guard was at work has ended the wider scope, but does not stop the handler.
    if (unit?.scope.state !== 'open') return this.inOwnScope(plan, response, next);
    return this.inWiderScope(unit, plan, response, next);
  }

  /** `openAt: 'interceptor'`: the scope lives as long as the handler's Observable. */
  private inOwnScope(plan: HandlerPlan, response: HttpResponse, next: CallHandler): Observable<unknown> {
    return new Observable((subscriber) => {
      const scope = this.runtime.enter(plan.scope);
      return follow(
        () => next.handle(),
        subscriber,
        scope,
        (outcome) => {
          if (this.waitsForResponse && outcome !== 'cancelled') {
            scope.closeBy(END_OF_HANDLER);
            return this.endAfter({ scope, handler: outcome }, response);
          }
          return this.end(scope, outcome === 'completed' ? outcomeOf(response) : outcome);
        },
      );
    });
  }

  /** `openAt: 'middleware'`: a handler that completes ends the scope, one that does not leaves it to the response. */
  private inWiderScope(
    unit: HttpUnit,
    plan: HandlerPlan,
    response: HttpResponse,
    next: CallHandler,
  ): Observable<unknown> {
    const { scope } = unit;
    return new Observable((subscriber) => {
      unit.handler = 'at work';
      return follow(
        () => next.handle(),
        subscriber,
        { run: (fn) => scope.runUnder(plan.policies, fn) },
        (outcome) => {
          if (outcome === 'cancelled') return this.end(scope, outcome);
          unit.handler = outcome;
          if (outcome === 'completed' && !this.waitsForResponse) return this.end(scope, outcomeOf(response));
          if (outcome === 'completed') scope.closeBy(END_OF_HANDLER);
          this.endAfter(unit, response);
        },
      );
    });
  }

  private endAfter(unit: HttpUnit, response: HttpResponse): void {
    onSent(response, () => {
      const { scope, handler } = unit;
      // A client that leaves does not stop a handler, so that one's end decides.
      if (handler === 'at work' || (scope.state !== 'open' && scope.state !== 'closed')) return;
      const outcome = handler === 'failed' ? 'failed' : isSent(response) ? outcomeOf(response) : 'cancelled';
      // Nobody is left to throw at once the response is out.
      const how = this.onDispatchError === 'throw' ? 'report' : this.onDispatchError;
      const end = async (): Promise<void> => this.runtime.conclude(scope, outcome, 'the end of the response', how);
      void end().catch(this.runtime.report);
    });
  }

  private end(scope: EffectScope, outcome: Outcome): void | Promise<void> {
    return this.runtime.conclude(scope, outcome, END_OF_HANDLER, this.onDispatchError);
  }
}

const END_OF_HANDLER = 'the end of the handler';

function outcomeOf(response: HttpResponse): Outcome {
  return response.statusCode >= 400 ? 'failed' : 'completed';
}

/** Runs a skipped handler as if the middleware had opened no scope. */
function outside(next: CallHandler): Observable<unknown> {
  return new Observable((subscriber) => contexts.run(undefined as never, () => next.handle().subscribe(subscriber)));
}
