import { isProxy } from 'node:util/types';
import type { LoggerService } from '@nestjs/common';
import type { AirlockRuntime } from '../../core/runtime.js';
import { methodName } from '../../core/effect/bound-effect.js';
import type { Boundaries } from './boundaries.js';
import { airlockOn } from '../decorators/airlock.decorator.js';
import { sideEffectBodyOn, sideEffectOn } from '../decorators/side-effect.decorator.js';
import { policiesOn } from '../decorators/use-airlock-policy.decorator.js';
import type { EffectRegistry } from '../remote/effect-registry.js';
import type { Member, Wrapper } from '../container/providers.js';
import { claim, claimPart } from '../methods/owner.js';
import { EffectsProvidedTwice } from '../boot-checks/effects-provided-twice.js';
import { type KnownHandlers, refuseMisplaced } from '../boot-checks/misplaced-decorators.js';
import { nameObjects, partsOf } from '../boot-checks/object-names.js';
import { instanceOf } from '../container/resolve-provider.js';
import type { EffectReport, EntryPointReport } from '../services/airlock-report.js';
import { reportOfEffect } from './effect-report.js';
import { decoratedWith, reportsOf } from './policy-reports.js';
import { withPlaceInError } from '../container/place-in-error.js';

/**
 * Explores every provider and controller once, at boot or when its module is loaded: notes that it
 * belongs to this application, covers its entry points, lists its effects, and resolves everything
 * that its decorators name, so that a mistake stops the boot, or the load, and not a request.
 *
 * @internal
 */
export class AirlockExplorer implements KnownHandlers {
  private readonly explored = new Map<Wrapper, Member>();
  private readonly handlers = new WeakSet();
  // By name: a class that is provided several times has its effects once.
  private readonly byName = new Map<string, EffectReport>();
  private readonly namedByClass = new Set<string>();
  private readonly scoped = new Map<string, EntryPointReport>();
  private readonly providedTwice: EffectsProvidedTwice;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly boundaries: Boundaries,
    private readonly registry: EffectRegistry,
    private readonly logger: LoggerService,
  ) {
    this.providedTwice = new EffectsProvidedTwice(runtime, logger);
  }

  /** Every provider and controller that was explored. */
  get members(): readonly Member[] {
    return [...this.explored.values()];
  }

  /** Their effects. */
  get effects(): readonly EffectReport[] {
    return [...this.byName.values()];
  }

  /** The effects without a name of their own. */
  get effectsNamedByClass(): readonly EffectReport[] {
    return this.effects.filter(({ name }) => this.namedByClass.has(name));
  }

  /** Their `@Airlock()` methods, without the policies of the application. */
  get scopedMethods(): readonly EntryPointReport[] {
    return [...this.scoped.values()];
  }

  knows({ wrapper }: Member): boolean {
    return this.explored.has(wrapper);
  }

  /**
   * @param members not explored yet; those with a mistake stay unexplored
   * @throws AirlockOptionsError naming the class, the method and what is wrong with it
   */
  explore(members: readonly Member[]): void {
    nameObjects([...this.explored.values(), ...members]);
    this.boundaries.noteProviders(members);
    this.noteHandlers(members);
    for (const member of members) {
      const { instance } = member;
      claim(instance ?? member.type, this.runtime);
      // The object behind the proxy may be called too. Only its class tells which application owns
      // it.
      if (isProxy(instance)) claim(member.type, this.runtime);
      // Objects that it has made, such as the channels of a notifier, call effects as well.
      if (instance !== undefined)
        for (const part of partsOf(instance)) claimPart(part, this.runtime);
      for (const effect of this.effectsOf(member)) this.byName.set(effect.name, effect);
      refuseMisplaced(member, this, this.logger);
      withPlaceInError(member.type.name, () => this.boundaries.cover(member));
      this.explored.set(member.wrapper, member);
    }
  }

  private noteHandlers(members: readonly Member[]): void {
    for (const member of members) {
      const prototype = member.type.prototype as Record<string, object>;
      for (const key of this.boundaries.entryPointsOf(member)) {
        const method = prototype[key];
        if (method !== undefined) this.handlers.add(method);
      }
    }
  }

  entryPointsOf(member: Member): ReadonlySet<string> {
    return this.boundaries.entryPointsOf(member);
  }

  routesOf(member: Member): ReadonlySet<string> {
    return this.boundaries.routesOf(member);
  }

  isHandler(method: object): boolean {
    return this.handlers.has(method);
  }

  private effectsOf(member: Member): readonly EffectReport[] {
    const { type, marked } = member;
    const effects: EffectReport[] = [];
    const prototype = type.prototype as Record<string, object>;
    const on = member.instance ?? type;
    withPlaceInError(type.name, () => this.runtime.policiesOf(policiesOn(type), on));
    for (const key of marked.keys()) {
      const method = prototype[key]!;
      const effect = sideEffectOn(method);
      const scope = airlockOn(method);
      const name = methodName(Object.create(prototype) as object, key);
      withPlaceInError(name, () => {
        this.runtime.policiesOf(policiesOn(method), on);
        this.runtime.policiesOf(effect?.policy, on);
        if (effect?.executor !== undefined) this.runtime.executorNamed(effect.executor);
        if (scope !== undefined) this.runtime.prepare(scope, on);
      });
      if (effect !== undefined) {
        if (effect.name === undefined) this.namedByClass.add(name);
        this.registry.add({
          name: effect.name ?? name,
          owner: type,
          method: name,
          body: sideEffectBodyOn(method)!,
          timeoutMs: effect.timeoutMs,
          resolve: () => instanceOf(member),
        });
        effects.push(reportOfEffect(this.runtime, name, effect, method));
      }
      if (scope !== undefined) {
        const policies = [
          ...reportsOf(scope.policy, `@Airlock on ${name}`),
          ...decoratedWith(type, method, key),
        ];
        this.scoped.set(name, { name, boundary: '@Airlock', policies });
      }
    }
    if (effects.length > 0) this.providedTwice.note(member, effects);
    return effects;
  }
}
