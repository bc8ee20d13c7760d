import type { CallHandler, ExecutionContext, HttpServer } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Observable } from 'rxjs';
import type { AirlockRuntime } from '../../../core/runtime.js';
import type { EffectScope } from '../../../core/effect-scope.js';
import type { OnDispatchError } from '../../../core/scope-options.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import {
  type Boundary,
  type HandlerPlan,
  HandlerPlans,
  safely,
} from '../../boundaries/boundary.js';
import { observeInScope } from '../../../core/results/observe-in-scope.js';
import { InterceptedBoundary } from '../../boundaries/intercepted.boundary.js';
import type { AirlockModuleOptions } from '../../options/airlock-options.js';
import type { BoundaryOptions, DispatchTime } from '../../options/boundary-options.js';
import { watchForcedClose } from './forced-close.js';
import { type HttpResponse, isOver, nodeResponse } from './http.messages.js';
import type { HandlerContext } from './handler-context.js';
import { outcomeOf, outcomeSent, statusOf } from './outcome-of-response.js';
import { RequestScopes } from './request-scopes.js';
import { onceEnded, ResponseEnds } from './response-ends.js';
import { unscoped } from '../../boundaries/unscoped.js';

const END_OF_HANDLER = 'the end of the handler';
const END_OF_RESPONSE = 'the end of the response';

/**
 * A scope per HTTP request, on any platform adapter: it only reads the status and waits for the end
 * of the response.
 *
 * @internal
 */
export class HttpBoundary implements Boundary {
  readonly openAt: 'request' | 'handler';
  readonly dispatch: DispatchTime;
  readonly plans: HandlerPlans;
  private readonly scopes: RequestScopes;
  private readonly ends = new ResponseEnds();
  private readonly messages: InterceptedBoundary;
  private readonly onDispatchError: OnDispatchError;
  private cutsConnections: (() => boolean) | undefined;

  constructor(
    private readonly runtime: AirlockRuntime,
    options: BoundaryOptions,
    module: AirlockModuleOptions,
  ) {
    this.plans = new HandlerPlans(runtime, options);
    this.openAt = options.openAt ?? 'request';
    this.dispatch = options.dispatch ?? module.dispatch ?? 'beforeResponse';
    this.onDispatchError = safely(module.onDispatchError ?? 'report', runtime);
    this.messages = new InterceptedBoundary(runtime, options, module);
    this.scopes = new RequestScopes(runtime, options, {
      cutsConnections: () => this.cutsConnections?.() === true,
      endWithResponse: (request, scope, response) => {
        const end = (): void => {
          // A client that leaves does not stop a handler, so the end of that decides; but nobody
          // waits for it after a shutdown.
          if (!request.isHandled) this.endAfter(scope, request.outcome);
          else if (runtime.running.isOver) this.endAfter(scope, 'cancelled');
        };
        // If the client has left already, exception filters are still to run.
        if (response === undefined || isOver(response)) setImmediate(end);
        else this.ends.once(response, end);
      },
    });
  }

  applyTo(server: HttpServer): void {
    this.cutsConnections = watchForcedClose(server);
    if (this.openAt === 'request') this.scopes.applyTo(server);
  }

  start(): void {
    this.scopes.start();
  }

  around(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    // Read as `switchToHttp()` does, which makes an object and three functions for it.
    const response = context.getArgByIndex<HttpResponse | undefined>(1);
    const raw = nodeResponse(response);
    // Other libraries run handlers of their own kinds under this type, for Discord or RabbitMQ.
    if (raw === undefined) return this.messages.around(context, next);
    const plan = this.plans.of(context.getClass(), context.getHandler());
    if (plan.isSkipped) return unscoped(next);
    const request = this.scopes.of(raw);
    return new Observable((subscriber) => {
      const own =
        request?.isFree === true ? request : (request?.apart(raw) ?? this.scopes.apart(raw));
      const handler = own.beginHandler(plan);
      return observeInScope(
        () => next.handle(),
        subscriber,
        handler,
        (outcome, answer) =>
          this.end(handler, outcome, answer, plan, response as HttpResponse, raw),
      );
    });
  }

  private end(
    handler: HandlerContext,
    outcome: Outcome,
    answer: unknown,
    plan: HandlerPlan,
    response: HttpResponse,
    raw: ServerResponse,
  ): void | Promise<void> {
    if (outcome === 'failed' && this.openAt === 'request') return handler.request.failHandler();
    const isAnswered = outcome === 'completed';
    const dispatch = plan.dispatch ?? this.dispatch;
    if (isAnswered && plan.answersItself && !raw.headersSent) {
      // The handler has not ended: its callbacks send the answer later.
      return this.ends.once(raw, () => this.endWithAnswer(handler, dispatch, raw));
    }
    if (outcome === 'cancelled' || dispatch === 'beforeResponse') {
      const decided = isAnswered ? this.outcomeOf(response) : outcome;
      const scope = handler.end(decided, answer);
      scope?.answeredBy(this.ends.answerOf(raw));
      if (isAnswered && decided === 'failed') scope?.failedBy(statusOf(response));
      return scope && this.runtime.endScope(scope, decided, END_OF_HANDLER, this.onDispatchError);
    }
    const scope = handler.end(outcome, answer);
    scope?.closeBy(END_OF_HANDLER);
    this.ends.once(raw, () => {
      const decided = isAnswered ? outcomeSent(raw) : outcome;
      if (scope === undefined) return handler.noteOutcome(decided);
      if (isAnswered && decided === 'failed') scope.failedBy(statusOf(raw));
      this.endAfter(scope, decided);
    });
  }

  /**
   * Ends a handler that sends its answer itself. A client that leaves does not stop it: it still
   * ends with its answer, although nobody gets that any more.
   */
  private endWithAnswer(
    handler: HandlerContext,
    dispatch: DispatchTime,
    response: ServerResponse,
  ): void {
    const sent = outcomeSent(response);
    if (sent !== 'cancelled' || dispatch === 'afterResponse') this.endAs(sent, handler, response);
    else onceEnded(response, () => this.endAs(outcomeOf(response), handler, response));
  }

  private endAs(outcome: Outcome, handler: HandlerContext, response: ServerResponse): void {
    const scope = handler.end(outcome);
    if (outcome === 'failed') scope?.failedBy(statusOf(response));
    if (scope !== undefined) this.endAfter(scope, outcome);
  }

  private endAfter(scope: EffectScope, outcome: Outcome): void {
    if (scope.hasEnded) return;
    // Once the response is out, no caller is left that an error could be thrown at.
    const how = this.onDispatchError === 'throw' ? 'report' : this.onDispatchError;
    const end = async (): Promise<void> =>
      this.runtime.endScope(scope, outcome, END_OF_RESPONSE, how);
    void end().catch(this.runtime.logError);
  }

  /** The outcome by the status; failed for a response that throws when the status is read. */
  private outcomeOf(response: HttpResponse): Outcome {
    try {
      return outcomeOf(response);
    } catch (error) {
      this.runtime.logError(error);
      return 'failed';
    }
  }
}
