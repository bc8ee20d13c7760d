import type { LoggerService } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { objectsIn } from './held-objects.js';
import { reachesTracked, tracksEvery, tracksTransactions } from './tracked-clients.js';

/**
 * Warns of clients whose transactions are not tracked, while those of another client of their kind
 * are: a second data source, or one that a service has made for itself.
 *
 * @internal
 */
export function warnOfUntrackedClients(modules: ModulesContainer, logger: LoggerService): void {
  const names = objectsIn(modules);
  const objects = [...names.keys()];
  const tracked = objects.filter((object) => isOfAKind(object) && tracksTransactions(object));
  if (tracked.length === 0) return;
  const tracksAnyway = objects.flatMap((object) => tracksEvery(object) ?? []);
  for (const [object, name] of names) {
    const kin = tracked.find((client) => isOfOneKind(client, object));
    if (kin === undefined || reachesTracked(object) || hasNoTransactions(object)) continue;
    if (tracksAnyway.some((tracks) => tracks(object))) continue;
    logger.warn(
      `\`${name}\` tracks no transactions, although \`${names.get(kin)!}\`, a client of the same kind, does: effects called in its transactions go out where ` +
        'these are rolled back. Give it to the Airlock module or the `track…Transactions` function that tracks the other one.',
    );
  }
}

/**
 * False for plain objects and for functions without properties, as most provided objects are.
 */
function isOfAKind(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return false;
  return prototype !== Function.prototype || Object.keys(object).length > 0;
}

/**
 * True for two clients of one class. Functions such as those of Knex are compared by their
 * properties.
 */
function isOfOneKind(tracked: object, other: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(tracked);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  return (
    prototype !== Function.prototype ||
    Object.keys(tracked).every((key) => Object.hasOwn(other, key))
  );
}

/** True for a data source of TypeORM whose database has no transactions. */
function hasNoTransactions(client: {
  readonly driver?: { readonly transactionSupport?: unknown };
}): boolean {
  return client.driver?.transactionSupport === 'none';
}
