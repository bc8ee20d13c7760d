import { TRACKS_EVERY, TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { heldBy } from './object-names.js';

/**
 * Whether an object tells of its transactions: by its class, by a function of its own, or by a
 * plain object, as the options of the host of `@nestjs-cls/transactional` and the context of Knex.
 * Whoever holds one that does has no transactions for that.
 *
 * @internal
 */
export function tracksTransactions(object: object): boolean {
  return (
    TRACKS_TRANSACTIONS in object ||
    [...heldBy(object)].some(([, value]) => TRACKS_TRANSACTIONS in value && isPart(value))
  );
}

/** Whether an object tells of transactions, its own or those of what it holds. @internal */
export function reachesFrames(object: object): boolean {
  return (
    TRACKS_TRANSACTIONS in object ||
    [...heldBy(object)].some(([, value]) => TRACKS_TRANSACTIONS in value)
  );
}

/**
 * No client by itself: those have a class, but for Knex, whose functions carry nothing to tell by.
 */
function isPart(value: object): boolean {
  return typeof value === 'function' || Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Whether a module tells of all transactions of a client, also where it was never handed that one;
 * undefined for what is no such module.
 * @internal
 */
export function keepsEvery(object: object): ((client: object) => boolean) | undefined {
  return (object as { readonly [TRACKS_EVERY]?: (client: object) => boolean })[TRACKS_EVERY];
}
