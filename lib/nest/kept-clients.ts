import { KEEPS_EVERY, KEEPS_FRAMES } from '../core/keeps-frames.js';
import { heldBy } from './object-names.js';

/**
 * Whether an object tells of its transactions: by its class, by a function of its own, or by an object, as the host of `@nestjs-cls/transactional`.
 *
 * @internal
 */
export function keepsFrames(object: object): boolean {
  if (KEEPS_FRAMES in object) return true;
  for (const [, value] of heldBy(object)) if (KEEPS_FRAMES in value) return true;
  return false;
}

/** Whether a module tells of all transactions of a client, also where it was never handed that one; undefined for what is no such module. @internal */
export function keepsEvery(object: object): ((client: object) => boolean) | undefined {
  return (object as { readonly [KEEPS_EVERY]?: (client: object) => boolean })[KEEPS_EVERY];
}
