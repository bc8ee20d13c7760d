import { isMap, isProxy, isSet } from 'node:util/types';
import { methodNames } from '../../core/effect/bound-effect.js';
import { className, noteNames, tokenName } from '../../core/effect/effect-owner.js';
import { sideEffectOn } from '../decorators/side-effect.decorator.js';
import type { ModulesContainer } from '@nestjs/core';
import type { Class } from '../container/candidate.js';
import { candidateOf, type Member } from '../container/providers.js';

/**
 * Notes the names of an application's objects, so that the names of their effects tell them apart
 * and policies find them.
 *
 * - A provider whose token is not its class goes by the token: `EventEmitter2.emit`,
 *   `SMTP.sendMail`. One with `@SideEffect()` methods keeps the name of its class, which workers
 *   know.
 * - An object without a class that a provider holds, such as an instance of axios, goes by the
 *   property: `Payments.http.post`.
 *
 * @internal
 */
export function nameObjects(members: readonly Member[]): void {
  const firstToken = new Map<object, unknown>();
  for (const { instance, type, wrapper } of members) {
    noteNames(instance ?? type, wrapper.token);
    if (instance !== undefined && (!firstToken.has(instance) || wrapper.token === type))
      firstToken.set(instance, wrapper.token);
  }
  for (const { instance, type, marked } of members) {
    if (instance === undefined) continue;
    const token = firstToken.get(instance);
    const prototype = type.prototype as Record<string, object>;
    const hasEffects = [...marked.keys()].some(
      (key) => sideEffectOn(prototype[key]!) !== undefined,
    );
    if (token !== type && !hasEffects) noteNames(instance, token, tokenName(token));
  }
  for (const { instance, type } of members) {
    if (instance === undefined) continue;
    for (const [key, value] of heldBy(instance)) {
      if (!firstToken.has(value) && hasNoClass(value) && methodsOf(value).size > 0)
        noteNames(value, undefined, `${type.name}.${key}`);
    }
  }
}

/**
 * Every name that a method of a provider, or of an object that a provider holds, goes by.
 * @internal
 */
export function methodNamesIn(members: readonly Member[], proxied: Iterable<Class>): Set<string> {
  const names = new Set<string>();
  const seen = new Set<object>();
  const add = (object: object): void => {
    if (seen.has(object)) return;
    seen.add(object);
    for (const name of methodNames(object, ...methodsOf(object))) names.add(name);
  };
  for (const { prototype } of proxied) add(Object.create(prototype as object) as object);
  for (const { instance, type } of members) {
    add(instance ?? (Object.create(type.prototype as object) as object));
    if (instance !== undefined) for (const [, value] of heldBy(instance)) add(value);
  }
  return names;
}

/**
 * The classes under which libraries provide proxies. A proxy may refuse to be read before there is
 * an instance behind it.
 * @internal
 */
export function* proxiedClassesIn(modules: ModulesContainer): Generator<Class> {
  for (const { providers } of modules.values()) {
    for (const { instance, token } of providers.values()) {
      const type = isProxy(instance) ? candidateOf(token, false)?.type : undefined;
      if (type !== undefined) yield type;
    }
  }
}

/** The objects in an object's own properties; no getter is run. @internal */
export function heldBy(instance: object): readonly (readonly [key: string, value: object])[] {
  return propertiesOf(instance).filter(([, value]) => !isProxy(value) && !isBuiltIn(value));
}

/** The proxies in an object's own properties, which are not looked at. @internal */
export function proxiesHeldBy(object: object): readonly (readonly [key: string, proxy: object])[] {
  return propertiesOf(object).filter(([, value]) => isProxy(value));
}

/**
 * The objects that an object holds, also in its arrays, sets and maps; of one of these, the objects
 * in it.
 * @internal
 */
export function partsOf(instance: object): readonly object[] {
  const elements = elementsOf(instance);
  const parts = elements ?? valuesOf(instance).flatMap((value) => elementsOf(value) ?? value);
  return parts.filter((part) => typeof part === 'object' && part !== null) as object[];
}

/** Undefined for anything but an array, a set or a map. */
function elementsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return valuesOf(value);
  // Not by its own methods, which a subclass may have replaced.
  if (isMap(value)) return firstOf(Map.prototype.values.call(value));
  return isSet(value) ? firstOf(Set.prototype.values.call(value)) : undefined;
}

function valuesOf(object: object): readonly object[] {
  return propertiesOf(object).map(([, value]) => value);
}

/** The properties that are objects or functions. */
function propertiesOf(object: object): readonly (readonly [key: string, value: object])[] {
  // The contents of a file have as many properties as bytes.
  if (isProxy(object) || ArrayBuffer.isView(object)) return [];
  const properties: (readonly [string, object])[] = [];
  for (const key of Object.getOwnPropertyNames(object).slice(0, MOST_PARTS)) {
    const value: unknown = Object.getOwnPropertyDescriptor(object, key)!.value;
    if ((typeof value === 'object' && value !== null) || typeof value === 'function')
      properties.push([key, value]);
  }
  return properties;
}

/** Limit of what is looked at: an object with more properties is data, and would slow the boot. */
const MOST_PARTS = 1_000;

function firstOf<T>(all: Iterable<T>): readonly T[] {
  const first: T[] = [];
  for (const item of all) {
    if (first.length === MOST_PARTS) break;
    first.push(item);
  }
  return first;
}

/** The names of its methods, inherited ones included. */
function methodsOf(object: object): ReadonlySet<string> {
  const keys = new Set<string>();
  if (isProxy(object)) return keys;
  for (
    let at: object | null = object;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    // Methods that all objects have are left out.
    if (
      at === Function.prototype ||
      isBuiltIn(at) ||
      (Object.getPrototypeOf(at) === null && at !== object)
    )
      break;
    for (const key of Object.getOwnPropertyNames(at)) {
      const value: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
      if (typeof value === 'function' && key !== 'constructor') keys.add(key);
    }
  }
  return keys;
}

/** A plain object, or a function that carries methods and is no class. */
function hasNoClass(value: object): boolean {
  return typeof value === 'function'
    ? !Function.prototype.toString.call(value).startsWith('class')
    : className(value) === undefined;
}

/** True for arrays, maps and the like, whose methods are no effects. */
function isBuiltIn(value: object): boolean {
  return BUILT_IN.has(value.constructor);
}

const BUILT_IN: ReadonlySet<unknown> = new Set([
  Array,
  Map,
  Set,
  WeakMap,
  WeakSet,
  Promise,
  Date,
  RegExp,
  Buffer,
]);
