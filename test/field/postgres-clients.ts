import type { TransactionContractClient } from 'nestjs-airlock/testing';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { connectKnex } from '../integrations/knex/contract.client.js';
import { byCallback, connectKysely, controlled } from '../integrations/kysely/contract.client.js';
import { connectMikroOrm } from '../integrations/mikro-orm/contract.client.js';
import { connectPrisma } from '../integrations/prisma/contract.client.js';
import { connectSequelize } from '../integrations/sequelize/contract.client.js';
import { connected } from '../integrations/typeorm/fixtures.js';

/** A client that begins transactions with a callback. */
export type Client = Pick<TransactionContractClient, 'transaction' | 'close'>;

/** The clients of ORMs and query builders on PostgreSQL. */
export const clients: Record<string, () => Promise<Client>> = {
  TypeORM: async () => {
    const { dataSource, close } = await connected();
    const savepoint = (): never => {
      throw new Error('There is none here.');
    };
    return {
      transaction: (fn) =>
        dataSource.transaction((manager) => fn({ query: (sql) => manager.query(sql), savepoint })),
      close,
    };
  },
  Knex: connectKnex,
  Drizzle: connectNodePostgres,
  'Kysely, with a callback': () => connectKysely(byCallback),
  'Kysely, begun by a statement': () => connectKysely(controlled),
  'MikroORM 6': connectMikroOrm,
  Prisma: connectPrisma,
  Sequelize: connectSequelize,
};
