import { isPromise } from 'node:util/types';
import type { ExceptionFilter } from '@nestjs/common';
import { methodName } from '../../core/effect/bound-effect.js';
import { LatentScope } from '../../core/latent-scope.js';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import { isReplaceable, replaceOwn } from './replace-method.js';

/**
 * Gives each call of an exception filter a scope, nested in that of the request if one is open.
 * Nest does not wait for a filter's Promise, so it may go on after it has sent the answer: effects
 * that it calls then follow the request.
 *
 * @internal
 */
export function coverFilter(
  filter: ExceptionFilter,
  runtime: AirlockRuntime,
  how: OnDispatchError,
): void {
  if (!isReplaceable(filter, 'catch')) return;
  const prepared = runtime.prepare({ name: methodName(filter, 'catch') });
  replaceOwn(filter, 'catch', runtime, (original) => {
    return function (this: unknown, ...args: never[]): unknown {
      if (!runtime.context.mayReceive) return original.apply(this, args);
      const scope = new LatentScope(runtime, prepared);
      // The outcome is `completed` in any case: the request decides, and nobody listens to the
      // result of a filter.
      const close = async (): Promise<void> =>
        runtime.endScope(scope, 'completed', 'the end of the filter', how);
      const end = (): void => void close().catch(runtime.logError);
      let result: unknown;
      try {
        result = scope.enter(() => original.apply(this, args));
      } catch (error) {
        end();
        throw error;
      }
      // Only a Promise: nobody calls the `then` of a Fastify reply, or of a query.
      if (isPromise(result)) return result.finally(end);
      end();
      return result;
    };
  });
}
