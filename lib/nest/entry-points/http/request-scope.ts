import type { ServerResponse } from 'node:http';
import type { AirlockRuntime } from '../../../core/runtime.js';
import type { PreparedScope } from '../../../core/prepared-scope.js';
import { Context, contexts } from '../../../core/scope/context.js';
import type { EffectScope } from '../../../core/effect-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { Latent } from '../../../core/scope/running-scopes.js';
import type { PolicyChain } from '../../../core/scope/policy-chain.js';
import type { UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { ShuttingDownError } from '../../../errors/shutting-down.error.js';
import type { HandlerPlan } from '../../boundaries/boundary.js';
import { HandlerContext } from './handler-context.js';
import type { Ending, ResponseEndings } from './response-endings.js';
import { isCutOff, isOver } from './http.messages.js';
import { outcomeSent } from './outcome-of-response.js';

/** Settings that the scopes of all requests of an application have in common. @internal */
export interface RequestSettings {
  readonly runtime: AirlockRuntime;
  readonly prepared: PreparedScope;
  /** The policies of a request outside any other scope. */
  readonly chain: PolicyChain;
  /** Scopes whose responses end right now. */
  readonly endings: ResponseEndings;
  /** True if the server, when it is closed, breaks the connections of requests that are running. */
  cutsConnections(): boolean;
  /**
   * Ends a scope as its request did, once the response is over; undefined if it is over already.
   */
  endWithResponse(
    request: RequestScope,
    scope: EffectScope,
    response: ServerResponse | undefined,
  ): void;
}

/**
 * Context of the code that Nest runs for a request. Its scope opens when the first effect is
 * called, so that a request without any costs this object alone. A handler that completes ends the
 * scope. A call after that, as by an exception filter for an answer that cannot be serialised,
 * opens another scope, which the response decides.
 *
 * @internal
 */
export class RequestScope extends Context implements Latent, Ending {
  /** Has the policies of the handler as well, while its answer is streamed. */
  chain: PolicyChain;
  readonly outer: Context | undefined;
  /**
   * True once a handler has failed: later calls belong to a failed request, whatever is sent.
   */
  hasFailed = false;
  private readonly around: Context;
  private handler: HandlerContext | undefined;
  private unit: UnitOfWork | undefined;
  /**
   * Forgotten when it is over, since a pooled socket or a cached Promise may keep this context.
   */
  private response: ServerResponse | undefined;
  /** The outcome that the response tells; undefined until it is over. */
  private sent: Outcome | undefined;
  /** True if the connection broke before all of the response was sent. */
  private isCut = false;
  /** True while listeners to the end of the response are called. */
  isEnding = false;
  endedAfter: Ending | undefined = undefined;
  /** True if its handler has answered with a stream. */
  private isStreaming = false;

  constructor(
    private readonly settings: RequestSettings,
    response: ServerResponse,
    private name: string,
    private readonly admitted: boolean = !settings.runtime.isClosing,
    private readonly isApart = false,
  ) {
    super();
    const { runtime, prepared, chain } = settings;
    const store = contexts.getStore();
    this.outer = store?.isLive === true ? store : undefined;
    const here = store === undefined ? runtime.root : runtime.context;
    this.around = here.isLive ? here : runtime.root;
    this.chain = this.around === runtime.root ? chain : this.around.chain.inside(prepared.policies);
    this.response = response;
  }

  get host(): AirlockRuntime {
    return this.settings.runtime;
  }

  get evaluation(): undefined {
    return undefined;
  }

  override get forEntryPoints(): Context {
    return this.around;
  }

  /** False while another handler serves the request, for example one that has called `next()`. */
  get isFree(): boolean {
    return this.handler === undefined && this.isLive;
  }

  /** The context of the code that serves it now. */
  get innermost(): Context {
    return this.handler ?? this;
  }

  get isLive(): boolean {
    if (this.handler !== undefined) return true;
    this.checkEnd();
    return this.response !== undefined;
  }

  override get opened(): UnitOfWork | undefined {
    return this.unit?.isEnded === false ? this.unit : undefined;
  }

  override get mayReceive(): boolean {
    if (this.opened !== undefined) return this.opened.state === 'open';
    return this.isLive && (this.admitted || this.around.mayReceive);
  }

  receiver(): UnitOfWork {
    if (this.unit !== undefined && !this.unit.isEnded) return this.unit;
    if (this.handler === undefined) {
      this.checkEnd();
      // Exception filters are still to run for a response that was cut off.
      if (this.sent !== undefined && !this.isCut && !this.tellsItsEnd)
        return (this.unit ??= this.missed(this.hasFailed ? 'failed' : this.sent));
    }
    this.unit = this.open();
    if (this.handler === undefined) this.endWithResponse();
    return this.unit;
  }

  openNow(): void {
    // An answer that is under way, such as a stream of events, may go on for hours.
    if (this.response?.headersSent === true) return;
    if (this.opened === undefined && this.settings.cutsConnections()) return;
    this.receiver();
    // If the client has left, the handler decides.
    if (this.handler !== undefined && this.response !== undefined) this.endWithResponse();
  }

  /** Names it after what serves the request. */
  named(name: string): void {
    this.name = name;
    if (this.unit !== undefined && !this.unit.isEnded) this.unit.name = name;
  }

  beginHandler(plan: HandlerPlan): HandlerContext {
    this.named(plan.scope.name!);
    this.handler = new HandlerContext(this, this.chain.inside(plan.policies));
    // Calls that its effects make stand under its policies too.
    if (this.unit !== undefined && !this.unit.isEnded) this.unit.chain = this.handler.chain;
    this.host.running.latentBegan(this);
    return this.handler;
  }

  /**
   * @param isStreaming true if the answer is a stream: its calls stand under the handler's
   *   policies, and are dropped if the client leaves
   * @returns the scope, if one was opened; later calls do not belong to it
   */
  endHandler(isStreaming: boolean): UnitOfWork | undefined {
    const { unit, handler } = this;
    this.unit = undefined;
    this.handler = undefined;
    this.host.running.latentEnded(this);
    this.isStreaming = isStreaming;
    if (isStreaming) this.chain = handler!.chain;
    // Filters and middlewares are in the request's own scope, and not in this one.
    else if (this.isApart) this.response = undefined;
    return unit?.isEnded === false ? unit : undefined;
  }

  /** Leaves the scope to the response. */
  failHandler(): void {
    this.hasFailed = true;
    this.handler = undefined;
    this.host.running.latentEnded(this);
    if (this.unit !== undefined && !this.unit.isEnded) this.endWithResponse();
  }

  /** The scope for another handler of the same request. */
  apart(response: ServerResponse): RequestScope {
    return new RequestScope(this.settings, response, this.name, this.admitted, true);
  }

  scopeOf(unit: UnitOfWork): EffectScope {
    return this.host.scopes.handleOf(unit, this);
  }

  /**
   * The outcome of the request, once the response is over: failed with its handler, else as sent.
   */
  get outcome(): Outcome {
    this.noteEnd();
    return this.hasFailed ? 'failed' : (this.sent ?? 'cancelled');
  }

  /** Notes how the response ended, if it shows that it has. */
  checkEnd(): void {
    if (this.response !== undefined && isOver(this.response)) this.noteEnd();
  }

  /** To be called before all other listeners to the last event of the response. */
  end(): void {
    this.noteEnd();
    this.settings.endings.note(this);
  }

  /**
   * Notes how the response ended, and forgets it. Called for one that does not show its end, too.
   */
  private noteEnd(): void {
    const { response } = this;
    if (response === undefined) return;
    this.isCut = isCutOff(response);
    this.sent = this.isCut && this.isStreaming ? 'cancelled' : outcomeSent(response);
    this.response = undefined;
    this.settings.endings.note(this);
  }

  /**
   * True if a call belongs to the end of the response. After a shutdown, when no scope may open, it
   * is late.
   */
  get tellsItsEnd(): boolean {
    this.checkEnd();
    return this.isEnding && this.isAdmitted;
  }

  /** True while a handler serves it, so that the end of the handler decides. */
  get isHandled(): boolean {
    return this.handler !== undefined;
  }

  missed(outcome: Outcome): UnitOfWork {
    const { runtime, prepared } = this.settings;
    return runtime.scopes.missed(
      { ...prepared, name: this.name },
      this.chain,
      outcome,
      'the end of the request',
    );
  }

  /**
   * @throws ShuttingDownError for a request that came during the shutdown, and for all once that is
   *   over
   */
  private open(): UnitOfWork {
    this.assertAdmitted();
    const { runtime, prepared } = this.settings;
    const { chain } = this.handler ?? this;
    return runtime.scopes.begin({ ...prepared, name: this.name }, chain, this.around.receiver());
  }

  private endWithResponse(): void {
    this.settings.endWithResponse(this, this.scopeOf(this.unit!), this.response);
  }

  private get isAdmitted(): boolean {
    return this.admitted && !this.host.running.isOver;
  }

  private assertAdmitted(): void {
    if (!this.isAdmitted && this.around.receiver() === undefined)
      throw new ShuttingDownError(this.name);
  }
}
