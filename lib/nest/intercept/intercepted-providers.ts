import type { LoggerService } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../../core/runtime.js';
import { addsChildJob } from '../../core/enqueue/child-job.js';
import type { Context } from '../../core/scope/context.js';
import { EffectContext } from '../../core/scope/effect-context.js';
import { boundEffect, effectMethodName } from '../../core/effect/bound-effect.js';
import { NO_OPTIONS } from '../../core/enqueue/enqueue.js';
import type { Effect } from '../../core/model/enqueue-options.js';
import type { ScopeClosedError } from '../../errors/scope-closed.error.js';
import type { Method } from '../methods/wrap-method.js';
import type { InterceptedProvider } from '../options/intercepted-provider.js';
import { replaceOwn } from '../methods/replace-method.js';
import { singletonsOf } from '../container/providers-by-token.js';
import { BufferedCall } from './buffered-call.js';

/**
 * The option `intercept`: buffers direct calls of providers' methods that are made in a scope.
 *
 * @internal
 */
export class InterceptedProviders {
  private readonly names = new Set<string>();
  private readonly warned = new Set<string>();
  private readonly warnedLate = new Set<string>();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly runtime: AirlockRuntime,
    private readonly logger: LoggerService,
  ) {}

  /** The name of each, as `Queue(stock).add`. */
  get methods(): readonly string[] {
    return [...this.names];
  }

  /**
   * @param among the instances to intercept. @default all
   * @throws AirlockOptionsError naming the token or the method that is not there, or is no
   *   singleton's
   */
  intercept(provider: InterceptedProvider, among?: ReadonlySet<unknown>): void {
    for (const { instance, methods } of singletonsOf(this.modules, provider, 'intercept')) {
      if (among?.has(instance) === false) continue;
      for (const key of methods) {
        const name = effectMethodName(instance, key);
        this.names.add(name);
        replaceOwn(instance, key, this.runtime, (original) =>
          this.buffering(instance, key, name, original),
        );
      }
    }
  }

  private buffering(instance: object, key: string, name: string, original: Method): Method {
    const { runtime, warn, warnLate } = this;
    // Of the original method: the effect is the call itself, and not another interception.
    const effect = boundEffect(instance, original as Effect, key);
    return function (this: unknown, ...args: never[]): unknown {
      const { context } = runtime;
      if (!takesCalls(context) || addsChildJob(key, args)) return original.apply(this, args);
      const unit = context.receiver();
      if (unit !== undefined && unit.state !== 'open') {
        warnLate(name, unit.closedError(name));
        return original.apply(this, args);
      }
      runtime.enqueue(NO_OPTIONS, effect, args);
      warn(name, key);
      return new BufferedCall();
    };
  }

  private readonly warn = (name: string, key: string): void => {
    if (this.warned.has(name)) return;
    this.warned.add(name);
    this.logger.warn(
      `\`${name}\` was called in a scope and buffered, because \`intercept\` names it. That is for migration and returns no result: ` +
        `call it as \`effects.defer(target).${key}(...)\` or from a \`@SideEffect()\` method, then take it out of \`intercept\`.`,
    );
  };

  private readonly warnLate = (name: string, { scope, closedAt }: ScopeClosedError): void => {
    if (this.warnedLate.has(name)) return;
    this.warnedLate.add(name);
    this.logger.warn(
      `\`${name}\` was called in scope "${scope}" after it had ended (closed by ${closedAt}), so it was not buffered but made at once, as outside a scope: ` +
        'it gets out whatever became of that scope. Await the work before its scope ends, or give it a scope of its own with `runInScope(...)`.',
    );
  };
}

/** False outside any scope, in a running effect, and in work that an effect has left behind. */
function takesCalls(context: Context): boolean {
  if (context instanceof EffectContext) return false;
  return context.evaluation !== undefined || context.receiver() !== undefined;
}
