import { keepDrizzleFrames } from '../drizzle/keep-drizzle-frames.js';
import type { DrizzleDatabase } from '../drizzle/drizzle.client.js';
import { keepTypeOrmFrames } from '../typeorm/keep-typeorm-frames.js';
import { isDataSource } from '../typeorm/typeorm.client.js';

/** What Drizzle tells its own classes by. */
const ENTITY_KIND = Symbol.for('drizzle:entityKind');

/**
 * Makes a client that Airlock knows keep frames itself: it sees more of a transaction than the adapter around it does.
 *
 * @internal
 */
export function keepClientsOwnFrames(client: unknown, name: string | undefined): void {
  if (typeof client !== 'object' || client === null) return;
  if (isDataSource(client)) keepTypeOrmFrames(client);
  else if (isDrizzle(client)) keepDrizzleFrames(client, name === undefined ? {} : { name });
}

function isDrizzle(client: object): client is DrizzleDatabase {
  const kind = (client.constructor as { [ENTITY_KIND]?: string } | undefined)?.[ENTITY_KIND];
  return kind !== undefined && /(Database|Transaction)$/.test(kind);
}
