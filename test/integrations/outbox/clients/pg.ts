import { Pool } from 'pg';
import { freshSchema } from '../../../servers.js';
import { PgTransaction } from '../../pg/pg.adapter.js';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import type { OutboxClient } from '../client.js';

export async function connectPg(): Promise<OutboxClient> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
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
