import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { defer, finalize, type Observable } from 'rxjs';
import { InterceptedBoundary } from './intercepted.boundary.js';

/**
 * Opens a scope for a message at the first interceptor that it meets: the global one, that of its
 * class, or both. The microservices of a hybrid application have no global one, nor have gateways
 * on Nest 11.
 *
 * @internal
 */
export class MessageBoundary extends InterceptedBoundary {
  readonly isOnClass = true;
  /** Nest makes one context for each call and hands it to all interceptors. */
  private readonly met = new WeakSet<ExecutionContext>();

  override around(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.met.has(context)) return next.handle();
    // An interceptor around it may subscribe again, as `retry` does: each time is a unit of work.
    return defer(() => {
      this.met.add(context);
      return super.around(context, next);
    }).pipe(finalize(() => this.met.delete(context)));
  }
}
