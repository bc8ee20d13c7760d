import { Inject, type Type } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Airlock } from '../../../lib/nest/decorators/airlock.decorator.js';
import { SkipAirlock } from '../../../lib/nest/decorators/skip-airlock.decorator.js';
import { UseAirlockPolicy } from '../../../lib/nest/decorators/use-airlock-policy.decorator.js';
import { BlockTasks } from '../../../lib/policies/block-tasks.policy.js';
import type { BoundaryContractOptions } from './boundary-contract.js';

/** Role of an entry point, by the one of Airlock's decorators that it has. */
export type Role =
  | 'plain'
  | 'policyOnClass'
  | 'policyOnMethod'
  | 'skippedClass'
  | 'skippedMethod'
  | 'airlocked'
  | 'perRequest';

const ROLES: readonly Role[] = [
  'plain',
  'policyOnClass',
  'policyOnMethod',
  'skippedClass',
  'skippedMethod',
  'airlocked',
  'perRequest',
];

/** Token of a provider that is made anew for each call. */
export class PerRequest {}

const onClass: Partial<Record<Role, ClassDecorator>> = {
  policyOnClass: UseAirlockPolicy(new BlockTasks(['by class'])),
  skippedClass: SkipAirlock(),
  // A dependency is enough, so the peer's decorators need not be told.
  perRequest: (type) => Inject(PerRequest)(type.prototype as object, 'perRequest'),
};

const onMethod: Partial<Record<Role, MethodDecorator>> = {
  policyOnMethod: UseAirlockPolicy(new BlockTasks(['by method'])),
  skippedMethod: SkipAirlock(),
  airlocked: Airlock(new BlockTasks(['success'])) as MethodDecorator,
};

/** Classes of one application. */
export class Handlers {
  /** Part of all their names. */
  readonly key = randomUUID().slice(0, 8);
  private readonly byRole: ReadonlyMap<Role, Type>;

  constructor(private readonly options: BoundaryContractOptions) {
    const roles = ROLES.filter((role) => role !== 'perRequest' || options.requestScoped === true);
    this.byRole = new Map(roles.map((role) => [role, this.declare(role)]));
  }

  get types(): readonly Type[] {
    return [...this.byRole.values()];
  }

  addressOf(role: Role): string {
    return `${role}${this.key}`;
  }

  /** Returns the name that scopes and `explain()` give the entry point. */
  nameOf(role: Role): string {
    return `${this.byRole.get(role)!.name}.${this.options.method}`;
  }

  private declare(role: Role): Type {
    const type = this.options.declare({
      name: this.addressOf(role),
      onClass: onClass[role] ?? (() => {}),
      onMethod: onMethod[role] ?? (() => {}),
    });
    // What the suite's other classes are not called, and those of other applications are.
    Object.defineProperty(type, 'name', {
      value: `${role[0]!.toUpperCase()}${role.slice(1)}${type.name}`,
    });
    return type;
  }
}
