import { Propagation } from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Pool } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { freshSchema } from '../../servers.js';
import { bootHosts, hostOf } from '../cls-transactional/fixtures.js';
import { connectNodePostgres } from '../drizzle/contract.client.js';
import { connectKnex } from '../knex/contract.client.js';
import { connectKysely } from '../kysely/contract.client.js';
import { connectMikroOrm } from '../mikro-orm/contract.client.js';
import { connectPg } from '../pg/contract.client.js';
import { connectPrisma } from '../prisma/contract.client.js';
import { connectSequelize } from '../sequelize/contract.client.js';
import type { Version } from './pg-boss.fixtures.js';

type Connect = () => Promise<TransactionContractClient>;

const all: readonly (readonly [name: string, version: Version, connect: Connect])[] = [
  ['Drizzle', 12, connectNodePostgres],
  ['Knex', 12, connectKnex],
  ['TypeORM', 12, connectTypeOrm],
  ['Kysely', 12, () => connectKysely()],
  ['MikroORM', 12, () => connectMikroOrm()],
  ['Prisma', 12, () => connectPrisma()],
  ['Sequelize', 12, () => connectSequelize()],
  ['cls-transactional', 12, connectCls],
  ['pg with frames by hand', 12, connectPg],
  ['pg with frames by hand', 10, connectPg],
];

/**
 * Every transaction adapter, and whichever pg-boss; on another Node than this one that of MikroORM,
 * which is version 7 there.
 */
export const adapters = all.filter(
  ([name]) => process.env['OTHER_NODE'] === undefined || name === 'MikroORM',
);

/** TypeORM, on a schema of its own. */
async function connectTypeOrm(): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const dataSource = trackTypeOrmTransactions(
    new DataSource({ type: 'postgres', url: schema.url }),
  );
  await dataSource.initialize();
  const transactionOf = (manager: EntityManager): ContractTransaction => ({
    query: (text) => manager.query(text),
    savepoint: (fn) => manager.transaction((inner) => fn(transactionOf(inner))),
  });
  return {
    transaction: (fn) => dataSource.transaction((manager) => fn(transactionOf(manager))),
    query: (text) => dataSource.query(text),
    close: async () => {
      await dataSource.destroy();
      await schema.drop();
    },
  };
}

/** A `TransactionHost` over Drizzle, the same. */
async function connectCls(): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  const db = drizzle(pool);
  const adapter = new TransactionalAdapterDrizzleOrm<NodePgDatabase>({
    drizzleInstanceToken: undefined,
  });
  const connection = {
    name: 'pg-boss',
    adapter: trackClsTransactions(Object.assign(adapter, { connection: db })),
  };
  const app = await bootHosts(connection);
  const host = hostOf(app, connection);
  const transaction: ContractTransaction = {
    query: async (text) => (await host.tx.execute(sql.raw(text))).rows,
    savepoint: (fn) => host.withTransaction(Propagation.Nested, () => fn(transaction)),
  };
  return {
    transaction: (fn) => host.withTransaction(Propagation.RequiresNew, () => fn(transaction)),
    query: async (text) => (await db.execute(sql.raw(text))).rows,
    close: async () => {
      await app.close();
      await pool.end();
      await schema.drop();
    },
  };
}
