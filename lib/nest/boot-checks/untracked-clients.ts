import type { LoggerService } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { objectsIn } from './held-objects.js';
import { keepsEvery, tracksTransactions, reachesFrames } from './tracked-clients.js';

/**
 * Warns of clients whose transactions nobody tells of, where those of another one of their kind are
 * told: a second data source, or the one that a service has made for itself.
 *
 * @internal
 */
export function warnOfUnkeptClients(modules: ModulesContainer, logger: LoggerService): void {
  const found = objectsIn(modules);
  const kept = [...found.keys()].filter(
    (object) => isOfAKind(object) && tracksTransactions(object),
  );
  if (kept.length === 0) return;
  const coverers = [...found.keys()].flatMap((object) => keepsEvery(object) ?? []);
  for (const [object, name] of found) {
    const kin = kept.find((one) => isOfOneKind(one, object));
    if (kin === undefined || reachesFrames(object) || hasNoTransactions(object)) continue;
    if (coverers.some((covers) => covers(object))) continue;
    logger.warn(
      `\`${name}\` tracks no transactions, although \`${found.get(kin)!}\`, a client of the same kind, does: effects called in its transactions go out where ` +
        'these are rolled back. Give it to the Airlock module or the `track…Transactions` function that keeps the other one.',
    );
  }
}

/**
 * Plain objects are of no kind, nor are functions that carry nothing: most of what an application
 * holds.
 */
function isOfAKind(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return false;
  return prototype !== Function.prototype || Object.keys(object).length > 0;
}

/**
 * True for two clients of one class. Functions such as those of Knex are known by what they carry.
 */
function isOfOneKind(kept: object, other: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(kept);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  return (
    prototype !== Function.prototype || Object.keys(kept).every((key) => Object.hasOwn(other, key))
  );
}

/** A data source of TypeORM whose database has none says so itself. */
function hasNoTransactions(client: {
  readonly driver?: { readonly transactionSupport?: unknown };
}): boolean {
  return client.driver?.transactionSupport === 'none';
}
