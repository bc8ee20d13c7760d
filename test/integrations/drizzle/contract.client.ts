import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle as nodePostgres, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { drizzle as pglite } from 'drizzle-orm/pglite';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { Pool } from 'pg';
import { freshSchema } from '../../servers.js';
import { tuned, type Tuning } from '../tuning.js';

/** Drizzle on node-postgres as the contract sees it, on a schema of its own. */
export async function connectNodePostgres(tuning: Tuning = {}): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: tuned(schema.url, tuning), max: tuning.max });
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  return clientOf(nodePostgres(pool), async () => {
    await pool.end();
    await schema.drop();
  });
}

/** Drizzle on PGlite, the same. */
export function connectPglite(
  server: PGlite,
  close: () => Promise<void>,
): TransactionContractClient {
  // What differs are types of results that the contract does not look at.
  return clientOf(pglite(server) as unknown as NodePgDatabase, close);
}

function clientOf(db: NodePgDatabase, close: () => Promise<void>): TransactionContractClient {
  trackDrizzleTransactions(db);
  return {
    transaction: (fn, options) =>
      db.transaction(
        (tx) => fn(contractOf(tx)),
        options?.isolation && { isolationLevel: options.isolation },
      ),
    query: async (text) => (await db.execute(sql.raw(text))).rows,
    close,
  };
}

type Transaction = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0];

const contractOf = (tx: Transaction): ContractTransaction => ({
  query: async (text) => (await tx.execute(sql.raw(text))).rows,
  savepoint: (fn) => tx.transaction((inner) => fn(contractOf(inner))),
});
