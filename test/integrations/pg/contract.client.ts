import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { Pool } from 'pg';
import { freshSchema } from '../../servers.js';
import { tuned, type Tuning } from '../tuning.js';
import { PgTransaction } from './pg.adapter.js';

/** Plain `pg` as the contract sees it, on a schema of its own. */
export async function connectPg(tuning: Tuning = {}): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: tuned(schema.url, tuning), max: tuning.max });
  const transaction = PgTransaction.in(pool);
  return {
    transaction: (fn, options) =>
      transaction(
        (tx) => fn(contractOf(tx)),
        options?.isolation && `isolation level ${options.isolation}`,
      ),
    query: async (sql) => (await pool.query<Record<string, unknown>>(sql)).rows,
    close: async () => {
      await pool.end();
      await schema.drop();
    },
  };
}

const contractOf = (tx: PgTransaction): ContractTransaction => ({
  query: async (sql) => (await tx.executeSql(sql)).rows,
  savepoint: (fn) => tx.savepoint((inner) => fn(contractOf(inner))),
});
