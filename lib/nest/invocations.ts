import type { CallHandler, NestInterceptor } from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import { Observable, Subscriber, type TeardownLogic } from 'rxjs';
import type { AirlockRuntime } from '../core/airlock-runtime.js';
import { Attempt } from '../core/attempt.js';
import type { AttemptMark } from '../core/intent.js';
import { replaceOwn } from './own-method.js';

/**
 * Has an interceptor tell when it invokes its handler again, as `retry` does: what the failed invocation has buffered is dropped
 * then, whatever was buffered before it stays. Costs nothing where no scope is open.
 *
 * @internal
 */
export function watchInvocations(interceptor: NestInterceptor, runtime: AirlockRuntime): void {
  if (!isReplaceable(interceptor)) return;
  replaceOwn(interceptor, 'intercept', runtime, (original) => {
    return function (this: unknown, context, next, ...others): unknown {
      const seen = runtime.current?.state === 'open' ? new Invocations(runtime, next) : next;
      return original.apply(this, [context, seen, ...others] as never[]);
    };
  });
}

/** An interceptor that is frozen works as ever, unwatched. */
function isReplaceable(interceptor: object): boolean {
  const own = Object.getOwnPropertyDescriptor(interceptor, 'intercept');
  return own === undefined ? Object.isExtensible(interceptor) : own.configurable === true;
}

/** What an interceptor gets to invoke the handler, and all that is inside, with. */
class Invocations implements CallHandler {
  private readonly made: Invocation[] = [];
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
    for (const earlier of this.made) if (earlier.state === 'failed') earlier.attempt.abandon();
    const invocation = new Invocation(new Attempt(this.runtime.context, this.outer));
    this.made.push(invocation);
    const observer = invocation.observer(subscriber);
    // A subscriber that is linked before the work starts also stops a source that emits synchronously.
    subscriber.add(observer);
    invocation.attempt.run(() => this.next.handle().subscribe(observer));
    return () => this.leave(invocation);
  }

  /** One that nobody waits for any more, while another one runs or has completed, has lost against that. */
  private leave(invocation: Invocation): void {
    if (invocation.state !== 'running') return;
    invocation.state = 'failed';
    if (this.made.some(({ state }) => state !== 'failed')) invocation.attempt.abandon();
  }
}

class Invocation {
  /** One that is left before it has emitted anything has failed as well. */
  state: 'running' | 'completed' | 'failed' = 'running';

  constructor(readonly attempt: Attempt) {}

  observer(subscriber: Subscriber<unknown>): Subscriber<unknown> {
    return new Subscriber<unknown>({
      next: (value) => {
        this.state = 'completed';
        subscriber.next(value);
      },
      error: (error: unknown) => {
        this.state = 'failed';
        subscriber.error(error);
      },
      complete: () => {
        this.state = 'completed';
        subscriber.complete();
      },
    });
  }
}
