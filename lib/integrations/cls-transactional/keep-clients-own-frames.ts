import { keepDrizzleFrames } from '../drizzle/keep-drizzle-frames.js';
import { isDrizzle } from '../drizzle/drizzle.client.js';
import { isKnex, keepKnexFrames } from '../knex/keep-knex-frames.js';
import { keepPrismaFrames } from '../prisma/keep-prisma-frames.js';
import type { PrismaClientLike } from '../prisma/prisma.client.js';
import { keepTypeOrmFrames } from '../typeorm/keep-typeorm-frames.js';
import { isDataSource } from '../typeorm/typeorm.client.js';

/**
 * Makes a client that Airlock knows keep frames itself: it sees more of a transaction than the adapter around it does.
 *
 * @internal
 */
export function keepClientsOwnFrames(client: unknown, name: string | undefined): void {
  const options = name === undefined ? {} : { name };
  if (isKnex(client)) keepKnexFrames(client, options);
  if (typeof client !== 'object' || client === null) return;
  if (isDataSource(client)) keepTypeOrmFrames(client);
  else if (isDrizzle(client)) keepDrizzleFrames(client, options);
  else if (isPrisma(client)) keepPrismaFrames(client, options);
}

function isPrisma(client: object): client is PrismaClientLike {
  return '$transaction' in client && '$extends' in client;
}
