import type { AirlockRuntime } from '../../core/runtime.js';

const SHARED = Symbol('shared');
type Owners = WeakMap<object, AirlockRuntime | typeof SHARED>;
const owners: Owners = new WeakMap();
const holders: Owners = new WeakMap();

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
 * Notes the same for what a provider holds, and has made as a rule. A provider of another
 * application, which it may hold as well, stays that one's.
 *
 * @internal
 */
export function claimPart(part: object, runtime: AirlockRuntime): void {
  note(holders, part, runtime);
}

/** Whether an application provides an instance, or its class where those are made per request. @internal */
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
 * The application of an instance, or of its class where instances are made per request.
 * @internal
 */
export function ownerOf(instance: unknown): AirlockRuntime | undefined {
  if ((typeof instance !== 'object' && typeof instance !== 'function') || instance === null)
    return undefined;
  const owner = owners.get(instance) ?? holders.get(instance) ?? owners.get(instance.constructor);
  return owner === SHARED ? undefined : owner;
}
