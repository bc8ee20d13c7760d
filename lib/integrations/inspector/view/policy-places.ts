import type { ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../../../core/runtime.js';
import type { Policy } from '../../../core/model/policy.js';
import { type Named, namedByOptions, namedOn } from '../../../nest/boot-checks/named-classes.js';
import { membersOf } from '../../../nest/container/providers.js';
import type { AirlockModuleOptions } from '../../../nest/options/airlock-options.js';

/** Places where the policies of an application stand. @internal */
export class PolicyPlaces {
  private readonly places = new Map<Policy, Set<string>>();

  constructor(
    private readonly runtime: AirlockRuntime,
    options: AirlockModuleOptions,
    modules: ModulesContainer,
  ) {
    for (const named of namedByOptions(options)) this.note(named);
    for (const named of namedOn(membersOf(modules))) this.note(named);
  }

  /**
   * @param entryPoint of the unit of work
   * @returns the place as a phrase: `on the route`, `of the application`
   */
  of(policy: Policy, entryPoint: string, noun: string): string {
    const places = this.places.get(policy) ?? new Set();
    if (places.has(entryPoint)) return `on the ${noun}`;
    const [type] = entryPoint.split('.');
    if (places.has(type!)) return `on ${type}`;
    const options = [...places].find((place) => place.startsWith('`'));
    if (options !== undefined)
      return options === '`policy` of AirlockModule' ? 'of the application' : `(${options})`;
    const [place] = places;
    return place === undefined ? 'around the call' : `on ${place}`;
  }

  private note({ where, on, policies }: Named): void {
    for (const policy of this.runtime.policiesOf(policies, on)) {
      const known = this.places.get(policy);
      if (known === undefined) this.places.set(policy, new Set([where]));
      else known.add(where);
    }
  }
}
