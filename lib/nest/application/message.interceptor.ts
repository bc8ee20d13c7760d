import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  Optional,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { AirlockInterceptor } from '../boundaries/airlock.interceptor.js';
import { candidateOf } from '../container/providers.js';
import { isSkipped } from '../decorators/skip-airlock.decorator.js';
import { interceptedEntryPoints } from '../entry-points/entry-points.js';

/** `INTERCEPTORS_METADATA` of `@nestjs/common/constants`. @internal */
export const INTERCEPTORS = '__interceptors__';

/**
 * Airlock's interceptor on classes whose handlers may not pass the global one. Applications may
 * share such a handler class, so it names this class, and each application resolves its own
 * instance. In an application without Airlock it does nothing.
 *
 * @internal
 */
@Injectable()
export class MessageInterceptor implements NestInterceptor {
  constructor(
    @Optional() @Inject(AirlockInterceptor) private readonly airlock?: AirlockInterceptor,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.airlock?.interceptOnClass(context, next) ?? next.handle();
  }
}

/**
 * Puts the interceptor in front of the others of each class that has such handlers. A class that
 * opens no scopes is left alone: a transport may wait for its handlers without subscribing to what
 * interceptors make of them.
 * @internal
 */
export function interceptMessages(modules: ModulesContainer, airlock: AirlockInterceptor): void {
  const interceptor = new MessageInterceptor(airlock);
  const entryPoints = interceptedEntryPoints.filter(
    ({ name, mayMissGlobal }) => mayMissGlobal === true && airlock.covers(name),
  );
  for (const module of modules.values()) {
    for (const [wrappers, isController] of [
      [module.controllers, true] as const,
      [module.providers, false] as const,
    ]) {
      for (const { metatype } of wrappers.values()) {
        const candidate = candidateOf(metatype, isController);
        if (
          candidate === undefined ||
          isSkipped(candidate.type) ||
          entryPoints.every((kind) => kind.find(candidate).length === 0)
        )
          continue;
        const present =
          (Reflect.getMetadata(INTERCEPTORS, candidate.type) as readonly unknown[] | undefined) ??
          [];
        if (!present.includes(MessageInterceptor))
          Reflect.defineMetadata(INTERCEPTORS, [MessageInterceptor, ...present], candidate.type);
        // If the class had it before Nest scanned it, Nest makes the instance.
        if (!module.injectables.has(MessageInterceptor))
          module.addInjectable(
            { provide: MessageInterceptor, useValue: interceptor },
            'interceptor',
          );
      }
    }
  }
}
