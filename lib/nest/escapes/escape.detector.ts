import { isProxy } from 'node:util/types';
import type { LoggerService } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../../core/runtime.js';
import { contexts } from '../../core/scope/context.js';
import { effectMethodName, methodNames } from '../../core/effect/bound-effect.js';
import { currentFrame } from '../../core/frame/current-frame.js';
import { EffectContext } from '../../core/scope/effect-context.js';
import { EscapeError } from '../../errors/escape.error.js';
import { sideEffectOn } from '../decorators/side-effect.decorator.js';
import type { Method } from '../methods/wrap-method.js';
import type { Member } from '../container/providers.js';
import { replaceOwn } from '../methods/replace-method.js';
import { singletonsOf } from '../container/providers-by-token.js';
import { callSite } from './call-site.js';
import { isInTransaction, sendingMethodsOf } from './dispatchers.js';
import type { EscapeOptions } from '../options/escape-options.js';
import { watchOutgoingHttp } from './outgoing-http.js';

/**
 * The option `detectEscapes`: notices calls that go out directly and should have gone through the
 * buffer. For development and tests; built only if it is switched on.
 *
 * @internal
 */
export class EscapeDetector {
  private readonly seen = new Set<string>();
  private unwatch: () => void = () => {};
  private isOn = true;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly logger: LoggerService,
    private readonly options: EscapeOptions,
  ) {}

  /** @throws AirlockOptionsError for a provider to watch that is not there */
  start(modules: ModulesContainer, members: readonly Member[]): void {
    this.watchSenders(members);
    for (const provider of this.options.watch ?? []) {
      for (const { instance, methods } of singletonsOf(modules, provider, 'detectEscapes.watch'))
        for (const key of methods) this.watch(instance, key);
    }
    this.unwatch = watchOutgoingHttp((method, host) => this.inspect(`${method} ${host}`, [host]));
  }

  /** Watches queues, clients and the like. */
  watchSenders(members: Iterable<Member>): void {
    for (const { instance } of members) {
      // A proxy may refuse to be looked at.
      if (instance === undefined || isProxy(instance)) continue;
      for (const key of sendingMethodsOf(instance)) this.watch(instance, key);
    }
  }

  stop(): void {
    // Methods stay wrapped: an instance may outlive its application.
    this.isOn = false;
    this.unwatch();
  }

  private watch(instance: object, key: string): void {
    // A call of an effect is buffered, whatever its name.
    if (sideEffectOn((instance as Record<string, Method>)[key]!) !== undefined) return;
    const name = effectMethodName(instance, key);
    const names = methodNames(instance, key);
    const inspect = (): EscapeError | undefined => this.inspect(name, names);
    replaceOwn(instance, key, this.runtime, (original): Method => {
      return function (this: unknown, ...args: never[]): unknown {
        const error = isInTransaction(args) ? undefined : inspect();
        if (error !== undefined) throw error;
        return original.apply(this, args);
      };
    });
  }

  /**
   * @param names that `allow` may have
   * @returns the error to fail the call with, if it is to fail
   */
  private inspect(escape: string, names: readonly string[]): EscapeError | undefined {
    const inside = this.openHere();
    if (!this.isOn || inside === undefined || names.some((name) => this.isAllowed(name)))
      return undefined;
    const site = callSite();
    const error = new EscapeError(escape, inside, site?.place, site?.caller);
    if (this.options.mode === 'throw') return error;
    const place = [escape, site?.place ?? inside, site?.caller].join('\n');
    if (!this.seen.has(place)) this.logger.warn(error.message);
    this.seen.add(place);
    return undefined;
  }

  /**
   * Names the scope or transaction that is open at the call. Undefined inside a running effect:
   * calling out directly is what effects are for.
   */
  private openHere(): string | undefined {
    if (contexts.getStore() instanceof EffectContext) return undefined;
    const frame = currentFrame();
    if (frame?.fate === 'open') return `transaction "${frame.name}"`;
    const { view } = this.runtime;
    return view?.state === 'open' ? `scope "${view.name ?? view.id}"` : undefined;
  }

  private isAllowed(name: string): boolean {
    return (this.options.allow ?? []).some((allowed) =>
      // Not `test`, which begins at another place each time where the flag `g` is set.
      typeof allowed === 'string'
        ? allowed === name || allowed === name.replace(/:\d+$/, '')
        : name.search(allowed) !== -1,
    );
  }
}
