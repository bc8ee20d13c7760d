import { contexts } from '../../core/scope/context.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { isProvided } from '../methods/owner.js';

/** A `@SideEffect()` method of a provider. */
interface RegisteredEffect {
  readonly name: string;
  readonly owner: object;
  /** `Class.method`, for messages. */
  readonly method: string;
  /** Returns the provider; a Promise of a new one for each run, if it is request-scoped. */
  resolve(): unknown;
  /** The undecorated method. */
  readonly body: (...args: never[]) => unknown;
  /** Its own time limit; undefined if that of the application applies. */
  readonly timeoutMs?: number | false | undefined;
}

/**
 * The effects of one application by their stable names, as workers find them.
 *
 * @internal
 */
export class EffectRegistry {
  private readonly effects = new Map<string, RegisteredEffect>();

  /** @param application identity only, as contexts tell it */
  constructor(application: object) {
    registries.set(application, this);
  }

  get names(): readonly string[] {
    return [...this.effects.keys()];
  }

  has(name: string): boolean {
    return this.effects.has(name);
  }

  /** The time limit of an effect itself; undefined if it has none of its own. */
  timeoutOf(name: string): number | false | undefined {
    return this.effects.get(name)?.timeoutMs;
  }

  /** @throws AirlockOptionsError if two methods carry one name */
  add(effect: RegisteredEffect): void {
    const first = this.effects.get(effect.name);
    if (first === undefined) this.effects.set(effect.name, effect);
    else if (first.owner !== effect.owner || first.body !== effect.body) {
      throw new AirlockOptionsError(
        'name',
        `Two effects are named "${effect.name}": \`${first.method}\` and \`${effect.method}\`. ` +
          "A worker could not tell them apart. Give one of them a name of its own: `@SideEffect({ name: '…' })`.",
      );
    }
  }

  /**
   * Runs an effect itself, undecorated.
   *
   * @throws UnknownEffectError if no provider of this application has it, or what it throws
   */
  async run(name: string, args: readonly unknown[]): Promise<void> {
    const effect = this.effects.get(name);
    if (effect === undefined) throw new UnknownEffectError(name, this.names);
    const provider = effect.resolve();
    await Reflect.apply(effect.body, provider instanceof Promise ? await provider : provider, args);
  }
}

const registries = new WeakMap<object, EffectRegistry>();

/**
 * False if the application of the caller does not provide the object that an effect is called on: a
 * worker has no object that was made by hand.
 *
 * @param name of the effect, as workers know it
 * @internal
 */
export function isKnownToWorkers(name: string, target: object): boolean {
  let isAnywhere = false;
  for (let at = contexts.getStore(); at !== undefined; at = at.outer) {
    const registry = registries.get(at.host);
    if (registry?.has(name) === true && isProvided(target)) return true;
    isAnywhere ||= registry !== undefined;
  }
  return !isAnywhere;
}
