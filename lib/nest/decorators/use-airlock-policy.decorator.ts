import 'reflect-metadata';
import { methodName } from '../../core/effect/bound-effect.js';
import type { PolicyRef } from '../../core/model/policy.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

const POLICIES = 'nestjs-airlock:policies';

/**
 * Narrows what entry points and `@Airlock()` methods let out: on their class for all of them, on a
 * method for that one; both apply. On a `@SideEffect()` method it narrows each call of it, as a
 * local policy. Several decorators on one target add up. Anywhere else it would do nothing, and the
 * boot fails.
 *
 * @example
 * ```ts
 * @Controller('admin/orders')
 * @UseAirlockPolicy(new BlockTasks([MailService.prototype.sendReceipt]))
 * export class AdminController {}
 * ```
 *
 * @throws AirlockOptionsError on what is no class and no method, such as a property
 *
 * @publicApi
 */
export function UseAirlockPolicy(
  ...policies: readonly [PolicyRef, ...PolicyRef[]]
): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key !== undefined && typeof descriptor?.value !== 'function') throw onNoMethod(target, key);
    const holder = (descriptor?.value as object | undefined) ?? target;
    Reflect.defineMetadata(POLICIES, [...policies, ...policiesOn(holder)], holder);
  };
}

function onNoMethod(target: object, key: string | symbol): AirlockOptionsError {
  return new AirlockOptionsError(
    '@UseAirlockPolicy',
    `\`@UseAirlockPolicy()\` on \`${methodName(target, key)}\` has no effect: it is a property. Put it on the class, or make it a method.`,
  );
}

/** The policies of a method, whichever of its decorators stands above the others. @internal */
export function policiesOnMethod(target: object, key: string | symbol): readonly PolicyRef[] {
  return policiesOn((target as Record<string | symbol, object>)[key]!);
}

/** @internal */
export function refsOf(policy: PolicyRef | readonly PolicyRef[] | undefined): readonly PolicyRef[] {
  if (policy === undefined) return [];
  return Array.isArray(policy) ? (policy as readonly PolicyRef[]) : [policy as PolicyRef];
}

/** The policies written on a class or a method. @internal */
export function policiesOn(holder: object): readonly PolicyRef[] {
  return (Reflect.getMetadata(POLICIES, holder) as readonly PolicyRef[] | undefined) ?? [];
}
