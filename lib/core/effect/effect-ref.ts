import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { methodNames, methodOf } from './bound-effect.js';
import { declarersOf } from './effect-owner.js';
import type { Effect } from '../model/enqueue-options.js';
import type { Intent } from '../model/intent.js';

/**
 * Says which effect is meant:
 *
 * - a method, as `MailService.prototype.sendReceipt` or `mail.sendReceipt`. It is the same on every
 *   instance, and where a subclass, or the class that a token stands for, overrides it. It survives
 *   renames and minifiers.
 * - a function that is enqueued itself.
 * - a name, as `MailService.sendReceipt`: of the effect as logs show it, or with the name of a base
 *   class or a token in front.
 *
 * @publicApi
 */
export type EffectRef<A extends unknown[] = never[]> = string | ((...args: A) => unknown);

/** True if an intent is a call of that effect. @internal */
export function isCallOf(intent: Intent, ref: EffectRef): boolean {
  if (typeof ref !== 'string') return isSameEffect(intent.effect, ref);
  return intent.name === ref || namesOf(intent.effect).includes(ref);
}

/**
 * @throws AirlockOptionsError if the reference names no effect, such as a method that does not
 *   exist
 * @internal
 */
export function assertEffectRef(ref: unknown, key = 'effect'): asserts ref is EffectRef {
  if (typeof ref === 'function' || (typeof ref === 'string' && ref !== '')) return;
  const hint =
    ref === undefined
      ? 'There is no such method, or it is `abstract`, which leaves nothing at run time: name it, as `Mailer.send`.'
      : '';
  throw AirlockOptionsError.expected(key, 'a method, a function or a name of an effect', ref, hint);
}

/** The name of a reference in messages. @internal */
export function nameOfRef(ref: EffectRef): string {
  return typeof ref === 'string' ? ref : ref.name || '(anonymous)';
}

/**
 * Effects that a policy singles out, found by identity or name.
 *
 * @internal
 */
export class EffectSet {
  readonly refs: readonly EffectRef[];
  private readonly names: ReadonlySet<string>;
  private readonly functions: ReadonlySet<Effect>;
  /** Verdicts that depend on the effect alone, and not on the name of the call. */
  private readonly verdicts = new WeakMap<Effect, boolean>();

  /**
   * @throws AirlockOptionsError for anything but an iterable of references; also for a string,
   *   which would be read letter by letter
   */
  constructor(refs: Iterable<EffectRef>) {
    if (
      typeof refs === 'string' ||
      typeof (refs as Partial<Iterable<EffectRef>> | null)?.[Symbol.iterator] !== 'function'
    )
      throw AirlockOptionsError.expected(
        'effects',
        'an iterable of methods, functions or names of effects',
        refs,
      );
    this.refs = Object.freeze([...refs]);
    for (const [index, ref] of this.refs.entries()) assertEffectRef(ref, `effects[${index}]`);
    this.names = new Set(this.refs.filter((ref) => typeof ref === 'string'));
    this.functions = new Set(this.refs.filter((ref) => typeof ref === 'function'));
  }

  has(intent: Intent): boolean {
    return this.hasEffect(intent.effect) || (this.names.size > 0 && this.names.has(intent.name));
  }

  private hasEffect(effect: Effect): boolean {
    let verdict = this.verdicts.get(effect);
    if (verdict === undefined) {
      verdict =
        [...this.functions].some((ref) => isSameEffect(effect, ref)) ||
        (this.names.size > 0 && namesOf(effect).some((name) => this.names.has(name)));
      this.verdicts.set(effect, verdict);
    }
    return verdict;
  }
}

/**
 * True for every version of a method, since a version behind a wrapper or a subclass is the same
 * effect.
 */
function isSameEffect(effect: Effect, ref: Effect): boolean {
  if (effect === ref) return true;
  const origin = methodOf(effect);
  if (origin === undefined) return false;
  if (origin.method === ref) return true;
  for (const declarer of declarersOf(origin.target)) {
    if (Object.getOwnPropertyDescriptor(declarer, origin.key)?.value === ref) return true;
  }
  return false;
}

/**
 * The names by which policies and tests find a method, whatever a call is named. A function has
 * only the name of its call.
 */
function namesOf(effect: Effect): readonly string[] {
  const origin = methodOf(effect);
  return origin === undefined ? [] : methodNames(origin.target, origin.key);
}
