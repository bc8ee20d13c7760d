import { PrismaPg } from '@prisma/adapter-pg';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { freshSchema } from '../../../servers.js';
import { queryOf } from '../../prisma/contract.client.js';
import { newClient, type OrdersClient } from '../../prisma/generated.js';
import type { OutboxClient } from '../client.js';

export async function connectPostgres(): Promise<OutboxClient> {
  const schema = await freshSchema();
  const prisma = trackPrismaTransactions(newClient('postgresql', new PrismaPg(schema.url)));
  const contractOf = (tx: OrdersClient): ContractTransaction => ({
    query: queryOf(tx),
    savepoint: (fn) => tx.$transaction((inner) => fn(contractOf(inner))),
  });
  return {
    dialect: 'postgres',
    connection: { query: (sql, values) => prisma.$queryRawUnsafe(sql, ...values) },
    transaction: (fn) => prisma.$transaction((tx) => fn(contractOf(tx)), { timeout: 30_000 }),
    close: async () => {
      await prisma.$disconnect();
      await schema.drop();
    },
  };
}
