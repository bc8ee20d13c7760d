import { sql } from 'drizzle-orm';
import { drizzle as mysql } from 'drizzle-orm/mysql2';
import { drizzle as nodePostgres } from 'drizzle-orm/node-postgres';
import { createPool, type PoolOptions } from 'mysql2/promise';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { Pool } from 'pg';
import { freshMariadb, freshSchema } from '../../../servers.js';
import type { OutboxClient, Row } from '../client.js';

export async function connectPostgres(): Promise<OutboxClient> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  const db = trackDrizzleTransactions(nodePostgres(pool));
  type Transaction = Parameters<Parameters<typeof db.transaction>[0]>[0];
  const contractOf = (tx: Transaction): ContractTransaction => ({
    query: async (text) => (await tx.execute(sql.raw(text))).rows,
    savepoint: (fn) => tx.transaction((inner) => fn(contractOf(inner))),
  });
  return {
    dialect: 'postgres',
    connection: pool,
    transaction: (fn) => db.transaction((tx) => fn(contractOf(tx))),
    close: async () => {
      await pool.end();
      await schema.drop();
    },
  };
}

/** @param settings of each of its sessions */
export async function connectMariadb(
  settings: readonly string[] = [],
  options: PoolOptions = {},
): Promise<OutboxClient> {
  const schema = await freshMariadb();
  const pool = createPool({ uri: schema.url, ...options });
  pool.on('connection', (connection) => {
    for (const setting of settings) void connection.query(`set ${setting}`);
  });
  const db = trackDrizzleTransactions(mysql(pool));
  type Transaction = Parameters<Parameters<typeof db.transaction>[0]>[0];
  const contractOf = (tx: Transaction): ContractTransaction => ({
    query: async (text) => (await tx.execute(sql.raw(text)))[0] as unknown as Row[],
    savepoint: (fn) => tx.transaction((inner) => fn(contractOf(inner))),
  });
  return {
    dialect: 'mariadb',
    connection: pool,
    transaction: (fn) => db.transaction((tx) => fn(contractOf(tx))),
    close: async () => {
      await pool.end();
      await schema.drop();
    },
  };
}
