import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { freshSchema } from '../../servers.js';
import { clientOnPostgres, type Major, type OrdersClient } from './generated.js';

/** Makes a client track transactions, by itself or with what is made of it. */
export type Keep = (client: OrdersClient) => OrdersClient;

/** Prisma knows two kinds of statements. */
export const queryOf = (client: OrdersClient) => async (text: string) => {
  if (/^\s*select/i.test(text)) return client.$queryRawUnsafe<Record<string, unknown>[]>(text);
  await client.$executeRawUnsafe(text);
  return [];
};

/** Prisma as the contract sees it, on a schema of its own. */
export async function connectPrisma(
  keep: Keep = (client) => trackPrismaTransactions(client),
  major?: Major,
): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const client = keep(clientOnPostgres(schema.url, major));
  const contractOf = (tx: OrdersClient): ContractTransaction => ({
    query: queryOf(tx),
    savepoint: (fn) => tx.$transaction((inner) => fn(contractOf(inner))),
  });
  return {
    transaction: (fn, { isolation } = {}) =>
      client.$transaction((tx) => fn(contractOf(tx)), {
        timeout: 30_000,
        ...(isolation && { isolationLevel: 'Serializable' }),
      }),
    query: queryOf(client),
    close: async () => {
      const disconnected = client.$disconnect();
      // Prisma 6 waits for ever for connections that were killed in a transaction.
      if (major?.number !== 6) await disconnected;
      await schema.drop();
    },
  };
}
