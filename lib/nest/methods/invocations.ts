import type { CallHandler, NestInterceptor } from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import { Observable, Subscriber, type TeardownLogic } from 'rxjs';
import type { AirlockRuntime } from '../../core/runtime.js';
import { Attempt } from '../../core/scope/attempt.js';
import type { AttemptMark } from '../../core/model/intent.js';
import { kindOf } from '../../errors/thrown.js';
import { isReplaceable, replaceOwn } from './replace-method.js';

/**
 * Watches how an interceptor invokes its handler. Calls of effects in an invocation that has failed
 * count as those of failed work, although the interceptor may answer in its place. If the handler
 * is invoked again, as by `retry`, they are dropped; earlier calls stay. Costs nothing if no scope
 * is open.
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

/** Handle by which an interceptor invokes the handler, with the interceptors inside of it. */
class Invocations implements CallHandler {
  /**
   * Invocations that have not ended. Ended ones are kept only as long as needed, since `retry` may
   * go on for ever.
   */
  private readonly live = new Set<Invocation>();
  /** Failed invocations, which are abandoned when the next one begins. */
  private failed: Invocation[] = [];
  private hasCompleted = false;
  /** Read early: `catchError` invokes the handler again within the attempt that has failed. */
  private readonly outer: AttemptMark | undefined;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly next: CallHandler,
  ) {
    this.outer = runtime.context.attempt;
  }

  /** Invokes it at each subscription, in the context of this call, as Nest does. */
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
   * Ends an invocation whose subscriber has left. With an emission it has completed, without one it
   * has failed; it is abandoned if another one runs or has completed, as in a race.
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
