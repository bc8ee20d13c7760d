import { Pool, type PoolConfig } from 'pg';
import { freshSchema } from '../../../servers.js';
import { PgTransaction } from '../../pg/pg.adapter.js';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import type { OutboxClient } from '../client.js';

/** @param settings of each of its sessions */
export async function connectPg(
  settings: Readonly<Record<string, string>> = {},
  config: PoolConfig = {},
): Promise<OutboxClient> {
  const schema = await freshSchema();
  const url = new URL(schema.url);
  for (const [key, value] of Object.entries(settings)) {
    const options = url.searchParams.get('options');
    url.searchParams.set('options', `${options} -c ${key}=${value.replaceAll(' ', '\\ ')}`);
  }
  const pool = new Pool({ connectionString: url.href, ...config });
  pool.on('error', () => {});
  const transaction = PgTransaction.in(pool);
  const contractOf = (tx: PgTransaction): ContractTransaction => ({
    query: async (sql) => (await tx.executeSql(sql)).rows,
    savepoint: (fn) => tx.savepoint((inner) => fn(contractOf(inner))),
  });
  return {
    dialect: 'postgres',
    connection: pool,
    transaction: (fn) => transaction((tx) => fn(contractOf(tx))),
    close: async () => {
      await pool.end();
      await schema.drop();
    },
  };
}
