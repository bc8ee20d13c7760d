import 'reflect-metadata';
import type { PolicyRef } from '../../core/intent.js';

const POLICIES = 'nestjs-airlock:policies';

/**
 * Narrows what entry points let out: on a controller, gateway, resolver or processor for all of them, on a method for that
 * one; both apply. Several decorators on one target add up.
 *
 * @publicApi
 */
export function UseAirlockPolicy(...policies: readonly [PolicyRef, ...PolicyRef[]]): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const holder = (descriptor?.value as object | undefined) ?? target;
    Reflect.defineMetadata(POLICIES, [...policies, ...policiesOn(holder)], holder);
  };
}

/** The policies written on a class or a method. @internal */
export function policiesOn(holder: object): readonly PolicyRef[] {
  return (Reflect.getMetadata(POLICIES, holder) as readonly PolicyRef[] | undefined) ?? [];
}
