import { methodOf } from '../core/deferred.js';
import type { Intent } from '../core/intent.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';

/**
 * Which effect a test means: its method (`mail.sendReceipt` or `MailService.prototype.sendReceipt`), its function, or the name
 * that policies and logs see.
 *
 * @publicApi
 */
export type EffectRef<A extends unknown[] = never[]> = string | ((...args: A) => unknown);

/** Whether an intent is a call of that effect. @internal */
export function isCallOf(intent: Intent, ref: EffectRef): boolean {
  if (typeof ref === 'string') return intent.name === ref;
  if (intent.effect === ref) return true;
  const method = methodOf(intent.effect);
  return method !== undefined && versionsOf(method.target, method.key).includes(ref);
}

/** @throws AirlockOptionsError for what names no effect, such as a method that is not there */
export function assertEffectRef(ref: unknown): asserts ref is EffectRef {
  if (typeof ref === 'function' || (typeof ref === 'string' && ref !== '')) return;
  throw AirlockOptionsError.expected('effect', 'a method, a function or a name of an effect', ref);
}

/** What a message calls it. @internal */
export function nameOfRef(ref: EffectRef): string {
  return typeof ref === 'string' ? ref : ref.name || '(anonymous)';
}

/** The method as the instance has it, as its class has it, and as base classes have it: wrappers hide one behind the other. */
function versionsOf(target: object, key: PropertyKey): readonly unknown[] {
  const versions: unknown[] = [];
  for (let holder: object | null = target; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    const value: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
    if (typeof value === 'function') versions.push(value);
  }
  return versions;
}
