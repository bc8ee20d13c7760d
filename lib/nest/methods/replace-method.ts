import type { AirlockRuntime } from '../../core/runtime.js';
import { contexts } from '../../core/scope/context.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { methodName } from '../../core/effect/bound-effect.js';
import { belowSpy } from './below-spy.js';
import { liveMethod } from './live-method.js';
import { disguised, type Method } from './wrap-method.js';

/** One method of one instance, with the replacement of each application. */
interface Replaced {
  readonly original: Method;
  readonly exposed: Set<unknown>;
  readonly byApplication: Map<AirlockRuntime, Method>;
}

const replaced = new WeakMap<object, Map<string, Replaced>>();

/**
 * Replaces a method of one instance for one application, once, however many tokens lead to that
 * instance. The class and other instances stay as they are.
 *
 * If several running applications share the instance, a call in a scope of one of them belongs to
 * that one. Any other belongs to the application whose replacement is called: peers look methods up
 * when their application starts, or find that of the application which has started last.
 *
 * @throws AirlockOptionsError for an instance that is frozen
 * @internal
 */
export function replaceOwn(
  instance: object,
  key: string,
  runtime: AirlockRuntime,
  replacement: (original: Method) => Method,
): void {
  const current = (instance as Record<string, unknown>)[key] as Method;
  if (!isReplacedBy(instance, key, current)) {
    const below = belowSpy(instance, key);
    if (below !== undefined) replaceOwn(below, key, runtime, replacement);
  }
  const entry = entryOf(instance, key, current);
  if (entry.byApplication.has(runtime)) return;
  for (const other of entry.byApplication.keys())
    if (other.isClosing) entry.byApplication.delete(other);
  const own = replacement(entry.original);
  entry.byApplication.set(runtime, own);
  const wrapper = disguised(function (this: unknown, ...args: never[]): unknown {
    return responsible(entry, runtime, own).apply(this, args);
  }, entry.original);
  entry.exposed.add(wrapper);
  if (
    !Reflect.defineProperty(instance, key, {
      value: wrapper,
      writable: true,
      configurable: true,
      enumerable: false,
    })
  )
    throw frozen(methodName(instance, key));
}

/** False for a method that cannot be replaced, since its instance is frozen. @internal */
export function isReplaceable(instance: object, key: string): boolean {
  const own = Object.getOwnPropertyDescriptor(instance, key);
  return own === undefined ? Object.isExtensible(instance) : own.configurable === true;
}

function isReplacedBy(instance: object, key: string, method: Method): boolean {
  return replaced.get(instance)?.get(key)?.exposed.has(method) === true;
}

function entryOf(instance: object, key: string, current: Method): Replaced {
  let methods = replaced.get(instance);
  if (methods === undefined) replaced.set(instance, (methods = new Map()));
  let entry = methods.get(key);
  if (entry === undefined || !isReplacedBy(instance, key, current)) {
    const original = liveMethod(instance, key, current);
    methods.set(key, (entry = { original, exposed: new Set(), byApplication: new Map() }));
  }
  return entry;
}

function responsible({ byApplication }: Replaced, runtime: AirlockRuntime, own: Method): Method {
  if (byApplication.size === 1 && !runtime.isClosing) return own;
  const ofScope = byApplication.get(contexts.getStore()?.host as AirlockRuntime);
  if (ofScope !== undefined || !runtime.isClosing) return ofScope ?? own;
  for (const [other, method] of byApplication) if (!other.isClosing) return method;
  return own;
}

function frozen(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    name,
    `\`${name}\` cannot be replaced: its instance is frozen or sealed. Airlock puts a wrapper on the instance; leave it extensible, ` +
      'or keep Airlock off it (`@SkipAirlock()`, `boundaries`, `intercept`).',
  );
}
