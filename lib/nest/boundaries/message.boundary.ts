import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { defer, finalize, type Observable } from 'rxjs';
import { InterceptedBoundary } from './intercepted.boundary.js';

/**
 * Messages meet the interceptor as the global one, as that of their class, or as both: the
 * microservices of a hybrid application know no global one, nor do gateways on Nest 11. The first
 * opens the scope.
 *
 * @internal
 */
export class MessageBoundary extends InterceptedBoundary {
  readonly isOnClass = true;
  /** Nest makes one context for each call and hands it to all interceptors. */
  private readonly met = new WeakSet<ExecutionContext>();

  override around(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.met.has(context)) return next.handle();
    // An interceptor around may subscribe again, as `retry` does: each time is a unit of work.
    return defer(() => {
      this.met.add(context);
      return super.around(context, next);
    }).pipe(finalize(() => this.met.delete(context)));
  }
}
