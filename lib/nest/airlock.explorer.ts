import type { InjectionToken } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../core/airlock-runtime.js';
import { methodName } from '../core/deferred.js';
import { AirlockError } from '../errors/airlock.error.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import type { HandlerPlans } from './boundary.js';
import { airlockOn } from './decorators/airlock.decorator.js';
import { sideEffectOn } from './decorators/side-effect.decorator.js';
import { policiesOn } from './decorators/use-airlock-policy.decorator.js';
import { claim } from './ownership.js';
import type { EffectReport } from './report.js';

type Class = new (...args: never[]) => unknown;

/**
 * Looks once, at boot, at every provider and controller: notes that they belong to this application, lists its effects, and
 * resolves all that decorators name, so that a mistake stops the boot and not a request.
 *
 * @internal
 */
export class AirlockExplorer {
  private readonly scanner = new MetadataScanner();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly runtime: AirlockRuntime,
  ) {}

  /** @throws AirlockOptionsError naming the class, the method and what cannot be resolved */
  explore(plans: HandlerPlans | undefined): readonly EffectReport[] {
    const effects: EffectReport[] = [];
    for (const module of this.modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
        const instance: unknown =
          wrapper.isDependencyTreeStatic() && !wrapper.isTransient ? wrapper.instance : wrapper.metatype;
        if ((typeof instance !== 'object' && typeof instance !== 'function') || instance === null) continue;
        claim(instance, this.runtime);
        const type = (typeof instance === 'function' ? instance : instance.constructor) as Class | undefined;
        if (type === undefined) continue;
        effects.push(
          ...this.exploreType(type, module.controllers.has(type as InjectionToken & Class) ? plans : undefined),
        );
      }
    }
    return effects;
  }

  private exploreType(type: Class, plans: HandlerPlans | undefined): readonly EffectReport[] {
    const effects: EffectReport[] = [];
    const prototype: unknown = type.prototype;
    if (typeof prototype !== 'object' || prototype === null) return effects;
    resolving(type.name, () => this.runtime.policiesOf(policiesOn(type)));
    for (const key of this.scanner.getAllMethodNames(prototype)) {
      const method = (prototype as Record<string, { readonly name: string }>)[key]!;
      const effect = sideEffectOn(method);
      const scope = airlockOn(method);
      const name = methodName(Object.create(prototype) as object, key);
      resolving(name, () => {
        this.runtime.policiesOf(policiesOn(method));
        this.runtime.policiesOf(effect?.policy);
        if (effect?.executor !== undefined) this.runtime.executorNamed(effect.executor);
        if (scope !== undefined) this.runtime.prepare(scope);
        plans?.of(type, method);
      });
      if (effect !== undefined) {
        effects.push({ name: effect.name ?? name, executor: effect.executor ?? 'default', on: effect.on ?? 'success' });
      }
    }
    return effects;
  }
}

/** Says whose decorator named what cannot be resolved. */
function resolving(where: string, resolve: () => void): void {
  try {
    resolve();
  } catch (error) {
    if (!(error instanceof AirlockError)) throw error;
    throw new AirlockOptionsError((error as AirlockOptionsError).key ?? where, `${where}: ${error.message}`, {
      cause: error,
    });
  }
}
