import type { CallHandler, NestInterceptor } from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import { Observable, Subscriber, type TeardownLogic } from 'rxjs';
import type { AirlockRuntime } from '../../core/runtime.js';
import { Attempt } from '../../core/scope/attempt.js';
import type { AttemptMark } from '../../core/model/intent.js';
import { kindOf } from '../../errors/thrown.js';
import { isReplaceable, replaceOwn } from './replace-method.js';

/**
 * Has an interceptor tell when an invocation of its handler has failed: what that has buffered goes
 * as in a unit of work that failed, though the interceptor may answer in its place. Where the
 * handler is invoked again, as by `retry`, it is dropped; whatever was buffered before it stays.
 * Costs nothing where no scope is open.
 *
 * @internal
 */
export function watchInvocations(interceptor: NestInterceptor, runtime: AirlockRuntime): void {
  if (!isReplaceable(interceptor, 'intercept')) return;
  replaceOwn(interceptor, 'intercept', runtime, (original) => {
    return function (this: unknown, context, next, ...others): unknown {
      const seen = runtime.context.mayReceive ? new Invocations(runtime, next) : next;
      return original.apply(this, [context, seen, ...others] as never[]);
    };
  });
}

/** Handle by which an interceptor invokes the handler and all that is inside. */
class Invocations implements CallHandler {
  /**
   * Invocations that have not ended; an ended one is kept no longer than it matters, for `retry`
   * may go on for ever.
   */
  private readonly live = new Set<Invocation>();
  /** Given up with the next one. */
  private failed: Invocation[] = [];
  private hasCompleted = false;
  /** Asked here: `catchError` invokes the handler again from within the attempt that has failed. */
  private readonly outer: AttemptMark | undefined;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly next: CallHandler,
  ) {
    this.outer = runtime.context.attempt;
  }

  /** Each subscription invokes it, in the context of this call, as Nest has it. */
  readonly handle = (): Observable<unknown> => {
    const here = new AsyncResource('AIRLOCK_INVOCATION');
    return new Observable((subscriber) => here.runInAsyncScope(() => this.invoke(subscriber)));
  };

  private invoke(subscriber: Subscriber<unknown>): TeardownLogic {
    for (const { attempt } of this.failed.splice(0)) attempt.abandon();
    const invocation: Invocation = {
      attempt: new Attempt(this.runtime.context, this.outer),
      hasEmitted: false,
    };
    this.live.add(invocation);
    const observer = this.observerOf(invocation, subscriber);
    // A subscriber that is linked before the work starts also stops a source that emits
    // synchronously.
    subscriber.add(observer);
    invocation.attempt.run(() => this.next.handle().subscribe(observer));
    return () => this.leave(invocation);
  }

  private observerOf(invocation: Invocation, subscriber: Subscriber<unknown>): Subscriber<unknown> {
    return new Subscriber<unknown>({
      next: (value) => {
        invocation.hasEmitted = true;
        subscriber.next(value);
      },
      error: (error: unknown) => {
        if (this.live.delete(invocation)) this.fail(invocation, kindOf(error));
        invocation.attempt.runAfterFailure(() => subscriber.error(error));
      },
      complete: () => {
        if (this.live.delete(invocation)) this.hasCompleted = true;
        subscriber.complete();
      },
    });
  }

  /**
   * Ends an invocation that is left. Before it has emitted anything it has failed as well; where
   * nobody waits for it any more, while another one runs or has completed, it has lost against
   * that.
   */
  private leave(invocation: Invocation): void {
    if (!this.live.delete(invocation)) return;
    if (invocation.hasEmitted) this.hasCompleted = true;
    else if (this.hasCompleted || this.live.size > 0) invocation.attempt.abandon();
    else this.fail(invocation);
  }

  private fail(invocation: Invocation, reason?: string): void {
    invocation.attempt.fail(reason);
    this.failed.push(invocation);
  }
}

interface Invocation {
  readonly attempt: Attempt;
  hasEmitted: boolean;
}
