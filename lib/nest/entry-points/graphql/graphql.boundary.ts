import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import type { LatentScope } from '../../../core/latent-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { PreparedScope } from '../../../core/prepared-scope.js';
import { contexts } from '../../../core/scope/context.js';
import { kindOf } from '../../../errors/thrown.js';
import { InterceptedBoundary } from '../../boundaries/intercepted.boundary.js';
import { callInScope, type HandlerScope } from '../../calls/call-in-scope.js';
import { isReplaceable, replaceOwn } from '../../methods/replace-method.js';
import type { Method } from '../../methods/wrap-method.js';

/** Key of `@Subscription()` for its options. */
const OPTIONS = 'graphql:subscription_options;';

/** The options of a subscription that are called for each event. */
interface EventOptions {
  readonly filter?: Method;
  readonly resolve?: Method;
}

/**
 * A scope per root field; and one for each call of the `filter` and the `resolve` of a
 * subscription, which Nest makes without interceptors.
 *
 * @internal
 */
export class GraphqlBoundary extends InterceptedBoundary {
  /** Options that are covered already: several tokens may lead to one instance. */
  private readonly covered = new WeakSet<EventOptions>();

  cover(instance: object, key: string, scope: PreparedScope): void {
    const methods = instance as Record<string, Method>;
    const options = Reflect.getMetadata(OPTIONS, methods[key]!) as EventOptions | undefined;
    if (options === undefined || this.covered.has(options)) return;
    if (!isReplaceable(instance, key)) return;
    const { filter, resolve } = options;
    const inScopes: EventOptions = {
      ...options,
      ...(filter && { filter: this.inScopes(filter, scope) }),
      ...(resolve && { resolve: this.inScopes(resolve, scope) }),
    };
    this.covered.add(inScopes);
    // Nest reads the options off the method of the instance, and calls that of the class.
    replaceOwn(instance, key, this.runtime, (original) => original);
    Reflect.defineMetadata(OPTIONS, inScopes, methods[key]!);
  }

  /** Fails where the resolver returns an error: each GraphQL server treats that as thrown. */
  protected override ending(
    context: ExecutionContext,
    scope: LatentScope,
  ): (outcome: Outcome, answer: unknown) => void | Promise<void> {
    const end = super.ending(context, scope);
    return (outcome, answer) => {
      if (outcome !== 'completed' || !(answer instanceof Error)) return end(outcome);
      scope.failedBy(kindOf(answer));
      return end('failed');
    };
  }

  private inScopes(original: Method, prepared: PreparedScope): Method {
    const { runtime, onDispatchError: how } = this;
    const handler: HandlerScope = { runtime, prepared, how, declared: 'unknown' };
    return function (this: unknown, ...args) {
      const call = (): unknown => callInScope(handler, () => original.apply(this, args));
      return contexts.run(runtime.context.forEntryPoints, call);
    };
  }
}
