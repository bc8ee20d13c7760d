import type { AirlockRuntime } from '../../core/runtime.js';

const SHARED = Symbol('shared');
type Owners = WeakMap<object, AirlockRuntime | typeof SHARED>;
const owners: Owners = new WeakMap();
const ownersOfParts: Owners = new WeakMap();

/**
 * Notes which application an instance belongs to, so that decorators on its class find their
 * airlock without a scope around them. The note lives and dies with the instance; one that several
 * running applications share belongs to none.
 *
 * @internal
 */
export function claim(instance: object, runtime: AirlockRuntime): void {
  note(owners, instance, runtime);
}

/**
 * Notes the same for an object that a provider holds, and in most cases has made. A provider of
 * another application, which it may hold as well, stays with that one.
 *
 * @internal
 */
export function claimPart(part: object, runtime: AirlockRuntime): void {
  note(ownersOfParts, part, runtime);
}

/** True if an application provides an instance, or makes instances of its class. @internal */
export function isProvided(instance: object): boolean {
  return owners.has(instance) || owners.has(instance.constructor);
}

function note(notes: Owners, instance: object, runtime: AirlockRuntime): void {
  const owner = notes.get(instance);
  const isTaken =
    owner !== undefined && owner !== runtime && (owner === SHARED || !owner.isClosing);
  notes.set(instance, isTaken ? SHARED : runtime);
}

/**
 * The application of an instance, or of its class if that is made per request.
 * @internal
 */
export function ownerOf(instance: unknown): AirlockRuntime | undefined {
  if ((typeof instance !== 'object' && typeof instance !== 'function') || instance === null)
    return undefined;
  const owner =
    owners.get(instance) ?? ownersOfParts.get(instance) ?? makerOf(instance.constructor);
  return owner === SHARED ? undefined : owner;
}

/** The application that makes instances of a class; one that has ended makes no more. */
function makerOf(type: object): AirlockRuntime | typeof SHARED | undefined {
  const owner = owners.get(type);
  return owner === undefined || owner === SHARED || !owner.isClosing ? owner : undefined;
}
