import { trackDrizzleTransactions } from '../drizzle/track-drizzle-transactions.js';
import { isDrizzle } from '../drizzle/drizzle.client.js';
import { isKnex, trackKnexTransactions } from '../knex/track-knex-transactions.js';
import { trackPrismaTransactions } from '../prisma/track-prisma-transactions.js';
import type { PrismaClientLike } from '../prisma/prisma.client.js';
import { trackTypeOrmTransactions } from '../typeorm/track-typeorm-transactions.js';
import { isDataSource } from '../typeorm/typeorm.client.js';

/**
 * Tracks the transactions of a client that Airlock knows at the client itself, which sees more of
 * a transaction than the adapter around it.
 *
 * @internal
 */
export function trackClientsOwnTransactions(client: unknown, name: string | undefined): void {
  const options = name === undefined ? {} : { name };
  if (isKnex(client)) trackKnexTransactions(client, options);
  if (typeof client !== 'object' || client === null) return;
  if (isDataSource(client)) trackTypeOrmTransactions(client);
  else if (isDrizzle(client)) trackDrizzleTransactions(client, options);
  else if (isPrisma(client)) trackPrismaTransactions(client, options);
}

function isPrisma(client: object): client is PrismaClientLike {
  return '$transaction' in client && '$extends' in client;
}
