import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { freshMariadb, freshSchema } from '../../../servers.js';
import { queryOf } from '../../prisma/contract.client.js';
import {
  clientOnPostgres,
  type Major,
  newClient,
  type OrdersClient,
} from '../../prisma/generated.js';
import type { OutboxClient } from '../client.js';

export async function connectPostgres(major: Major): Promise<OutboxClient> {
  const schema = await freshSchema();
  return connect('postgres', clientOnPostgres(schema.url, major), () => schema.drop());
}

export async function connectMariadb(): Promise<OutboxClient> {
  const schema = await freshMariadb();
  const adapter = new PrismaMariaDb(schema.url.replace('mysql:', 'mariadb:'));
  return connect('mariadb', newClient('mysql', adapter), () => schema.drop());
}

function connect(
  dialect: OutboxClient['dialect'],
  prisma: OrdersClient,
  drop: () => Promise<void>,
): OutboxClient {
  trackPrismaTransactions(prisma);
  const contractOf = (tx: OrdersClient): ContractTransaction => ({
    query: queryOf(tx),
    savepoint: (fn) => tx.$transaction((inner) => fn(contractOf(inner))),
  });
  return {
    dialect,
    connection: { query: (sql, values) => prisma.$queryRawUnsafe(sql, ...values) },
    transaction: (fn) => prisma.$transaction((tx) => fn(contractOf(tx)), { timeout: 30_000 }),
    close: async () => {
      await prisma.$disconnect();
      await drop();
    },
  };
}
