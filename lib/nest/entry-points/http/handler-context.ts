import type { AirlockRuntime } from '../../../core/runtime.js';
import { Context, contexts } from '../../../core/scope/context.js';
import type { EffectScope } from '../../../core/effect-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { PolicyChain } from '../../../core/scope/policy-chain.js';
import type { UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { isStream } from './http.messages.js';

/** The request that a handler serves. */
interface HandledRequest extends Context {
  readonly host: AirlockRuntime;
  receiver(): UnitOfWork;
  /** @returns the scope, if one was opened; later calls do not belong to it */
  endHandler(isStreaming: boolean): UnitOfWork | undefined;
  /** True while listeners to its end are called. */
  readonly tellsItsEnd: boolean;
  /** Leaves the scope to the response. */
  failHandler(): void;
  scopeOf(unit: UnitOfWork): EffectScope;
  /** Makes an ended unit for calls after the end. */
  missed(outcome: Outcome): UnitOfWork;
}

/**
 * Context of one handler of a request: in the request's scope, under the handler's own policies.
 * @internal
 */
export class HandlerContext extends Context {
  private ended: Outcome | undefined;
  private isStreaming = false;
  private unit: UnitOfWork | undefined;

  constructor(
    readonly request: HandledRequest,
    readonly chain: PolicyChain,
  ) {
    super();
  }

  get host(): AirlockRuntime {
    return this.request.host;
  }

  get outer(): Context | undefined {
    return this.request.outer;
  }

  get evaluation(): undefined {
    return undefined;
  }

  get isLive(): boolean {
    return this.goesOn && this.request.isLive;
  }

  override get opened(): UnitOfWork | undefined {
    return this.goesOn ? this.request.opened : this.unit;
  }

  override get mayReceive(): boolean {
    return this.goesOn && this.request.mayReceive;
  }

  receiver(): UnitOfWork {
    if (this.goesOn) return this.request.receiver();
    return (this.unit ??= this.request.missed(this.ended!));
  }

  /**
   * True while the handler runs, and while its answer is streamed. After its end also for listeners
   * to the end of the answer that were added in it, unless the client had left before.
   */
  private get goesOn(): boolean {
    const { request, ended } = this;
    if (ended === undefined || (this.isStreaming && request.isLive)) return true;
    return ended !== 'cancelled' && request.tellsItsEnd;
  }

  run<R>(fn: () => R): R {
    return contexts.run(this, fn);
  }

  failedBy(reason: string): void {
    const unit = this.request.opened;
    if (unit !== undefined) unit.failedBy = reason;
  }

  /**
   * Notes the outcome of a scope in which no effect was called, for late calls by work that it has
   * left running.
   */
  noteOutcome(outcome: Outcome): void {
    this.ended = outcome;
  }

  /**
   * Ends the handler: from here on calls are late, or belong to the stream that it has answered
   * with.
   *
   * @returns the scope to end, if one was opened
   */
  end(outcome: Outcome, answer?: unknown): EffectScope | undefined {
    this.ended = outcome;
    this.isStreaming = isStream(answer);
    this.unit = this.request.endHandler(this.isStreaming);
    return this.unit && this.request.scopeOf(this.unit);
  }
}
