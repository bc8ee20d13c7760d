import { TRACKS_EVERY, TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { heldBy } from './object-names.js';

/**
 * True if the transactions of an object are tracked: by its class, by a function of its own, or by
 * a plain object, such as the options of the host of `@nestjs-cls/transactional` or the context of
 * Knex. An object that merely holds a tracked client has no transactions itself.
 *
 * @internal
 */
export function tracksTransactions(object: object): boolean {
  return (
    TRACKS_TRANSACTIONS in object ||
    heldBy(object).some(([, value]) => TRACKS_TRANSACTIONS in value && isPart(value))
  );
}

/**
 * True for a proxy whose client is tracked, such as that of Prisma; false for one that refuses to
 * be looked at.
 * @internal
 */
export function isTrackedProxy(proxy: object): boolean {
  try {
    return TRACKS_TRANSACTIONS in proxy;
  } catch {
    return false;
  }
}

/** True if the transactions of an object, or of one that it holds, are tracked. @internal */
export function reachesTracked(object: object): boolean {
  return (
    TRACKS_TRANSACTIONS in object ||
    heldBy(object).some(([, value]) => TRACKS_TRANSACTIONS in value)
  );
}

/**
 * True for a part of a client: clients have a class, except Knex, whose functions look like parts.
 */
function isPart(value: object): boolean {
  return typeof value === 'function' || Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Returns the test for the clients that a module tracks without being given them; undefined for any
 * other object.
 * @internal
 */
export function tracksEvery(object: object): ((client: object) => boolean) | undefined {
  return (object as { readonly [TRACKS_EVERY]?: (client: object) => boolean })[TRACKS_EVERY];
}
