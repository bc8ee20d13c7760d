import type { AirlockRuntime } from '../../core/runtime.js';

const SHARED = Symbol('shared');
const owners = new WeakMap<object, AirlockRuntime | typeof SHARED>();

/**
 * Notes which application an instance belongs to, so that decorators on its class find their
 * airlock without a scope around them. The note lives and dies with the instance; one that several
 * running applications share belongs to none.
 *
 * @internal
 */
export function claim(instance: object, runtime: AirlockRuntime): void {
  const owner = owners.get(instance);
  const isTaken =
    owner !== undefined && owner !== runtime && (owner === SHARED || !owner.isClosing);
  owners.set(instance, isTaken ? SHARED : runtime);
}

/**
 * The application of an instance, or of its class where instances are made per request.
 * @internal
 */
export function ownerOf(instance: unknown): AirlockRuntime | undefined {
  if ((typeof instance !== 'object' && typeof instance !== 'function') || instance === null)
    return undefined;
  const owner = owners.get(instance) ?? owners.get(instance.constructor);
  return owner === SHARED ? undefined : owner;
}
