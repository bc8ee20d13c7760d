import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { Boundary } from './boundary.js';
import { unscoped } from './unscoped.js';

/**
 * The outermost global interceptor: hands each call to the boundary of its kind of entry point,
 * if there is one. @publicApi
 */
export class AirlockInterceptor implements NestInterceptor {
  readonly #boundaryOf: (type: string) => Boundary | undefined;

  /** @internal Registered by `AirlockModule`. */
  constructor(boundaryOf: (type: string) => Boundary | undefined) {
    this.#boundaryOf = boundaryOf;
  }

  /** True if a boundary is on for that type of execution context. @internal */
  covers(type: string): boolean {
    return this.#boundaryOf(type) !== undefined;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.#boundaryOf(context.getType())?.around(context, next) ?? unscoped(next);
  }

  /** For classes whose handlers may not have met the global one. @internal */
  interceptOnClass(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const boundary = this.#boundaryOf(context.getType());
    return boundary?.isOnClass === true ? boundary.around(context, next) : unscoped(next);
  }
}
