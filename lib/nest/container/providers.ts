import { ContextIdFactory, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { isMethod } from '../methods/is-method.js';
import type { Candidate, Class } from './candidate.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;
/** Nest's own record of a provider or controller. @internal */
export type Wrapper = Module['controllers'] extends Map<unknown, infer W> ? W : never;

/** A provider or controller of an application. @internal */
export interface Member extends Candidate {
  readonly wrapper: Wrapper;
  /** Undefined where instances are made per request, or per consumer. */
  readonly instance: object | undefined;
}

/**
 * Lists every provider and controller that is an object or has a class, `useExisting` aliases
 * included.
 * @internal
 */
export function membersOf(modules: ModulesContainer): Generator<Member> {
  return membersIn(modules.values());
}

/** Lists the providers and controllers of some modules. @internal */
export function* membersIn(modules: Iterable<Module>): Generator<Member> {
  for (const module of modules) {
    for (const wrapper of module.providers.values()) yield* memberOf(wrapper as Wrapper, false);
    for (const wrapper of module.controllers.values()) yield* memberOf(wrapper, true);
  }
}

function* memberOf(wrapper: Wrapper, isController: boolean): Generator<Member> {
  const instance: unknown = isSingleton(wrapper) ? wrapper.instance : undefined;
  const holder: unknown = isSingleton(wrapper) ? instance : wrapper.metatype;
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return;
  const candidate = candidateOf(
    typeof holder === 'function' ? holder : holder.constructor,
    isController,
  );
  if (candidate === undefined) return;
  yield { ...candidate, wrapper, instance: instance as object | undefined };
}

/** @internal */
export function isSingleton(
  wrapper: Pick<Wrapper, 'isDependencyTreeStatic' | 'isTransient'>,
): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** False while Nest has a bare object of its class in place of a singleton. @internal */
export function isBuilt({ wrapper }: Member): boolean {
  // A singleton is the same in every context.
  return (
    !isSingleton(wrapper) ||
    wrapper.getInstanceByContextId(ContextIdFactory.create()).isResolved === true
  );
}

/**
 * Undefined for anything without a prototype, such as the arrow function of a factory.
 * @internal
 */
export function candidateOf(type: unknown, isController: boolean): Candidate | undefined {
  if (typeof type !== 'function' || typeof type.prototype !== 'object' || type.prototype === null)
    return undefined;
  const prototype = type.prototype as Record<string, object>;
  // A scanner keeps the classes that it has seen, and through those of Nest whole applications.
  const methods = new MetadataScanner()
    .getAllMethodNames(prototype)
    .filter((key) => isMethod(prototype, key));
  const marked = new Map<string, ReadonlySet<unknown>>();
  for (const name of methods) {
    const keys = metadataKeysOf(prototype[name]!);
    if (keys.length > 0) marked.set(name, new Set(keys));
  }
  const marks = new Set<unknown>(Reflect.getMetadataKeys(type));
  return { type: type as Class, isController, methods, marked, marks };
}

/** Reflect searches all that a method inherits from, where few have anything but the language's. */
function metadataKeysOf(method: object): readonly unknown[] {
  return PROTOTYPES.has(Object.getPrototypeOf(method))
    ? Reflect.getOwnMetadataKeys(method)
    : Reflect.getMetadataKeys(method);
}

const PROTOTYPES: ReadonlySet<unknown> = new Set([
  Function.prototype,
  Object.getPrototypeOf(async () => {}),
]);

/**
 * Calls `fn` with the instance of a provider or controller, and with each further one that Nest
 * makes of it per request or consumer.
 *
 * @param fn told whether the instance lives as long as the application
 * @internal
 */
export function eachInstance(
  wrapper: Wrapper,
  fn: (instance: object, isLasting: boolean) => void,
): void {
  // For a request-scoped class this is a bare object. Some peers read metadata from it, others even
  // call it.
  if (isObject(wrapper.instance)) fn(wrapper.instance, true);
  if (isSingleton(wrapper)) return;
  const seen = new WeakSet();
  const get = wrapper.getInstanceByContextId.bind(wrapper);
  wrapper.getInstanceByContextId = (contextId, inquirerId) => {
    const host = get(contextId, inquirerId);
    if (host.isResolved === true && isObject(host.instance) && !seen.has(host.instance)) {
      seen.add(host.instance);
      fn(host.instance, false);
    }
    return host;
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
