import * as kysely28 from 'kysely';
import { type ControlledTransaction, type Kysely, sql, type Transaction } from 'kysely';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { Pool } from 'pg';
import { freshSchema } from '../../servers.js';
import type { KyselyVersion } from './versions.js';

export interface Tables {
  orders: { item: string };
}

/** One of the ways in which Kysely begins and ends a transaction. */
export type Begin = <T>(
  db: Kysely<Tables>,
  isolation: 'serializable' | undefined,
  fn: (tx: ContractTransaction) => Promise<T>,
) => Promise<T>;

export const queryOf = (db: Kysely<Tables>) => async (text: string) =>
  (await sql.raw<Record<string, unknown>>(text).execute(db)).rows;

/** With a callback there are no savepoints. */
export const byCallback: Begin = (db, isolation, fn) => {
  const builder = db.transaction();
  const run = (tx: Transaction<Tables>) => fn({ query: queryOf(tx) });
  return (isolation === undefined ? builder : builder.setIsolationLevel(isolation)).execute(run);
};

export const controlled: Begin = async (db, isolation, fn) => {
  const builder = db.startTransaction();
  const trx = await (
    isolation === undefined ? builder : builder.setIsolationLevel(isolation)
  ).execute();
  try {
    const value = await fn(controlledBy(trx));
    await trx.commit().execute();
    return value;
  } catch (error) {
    await trx.rollback().execute();
    throw error;
  }
};

let count = 0;

function controlledBy(trx: ControlledTransaction<Tables>): ContractTransaction {
  return {
    query: queryOf(trx),
    savepoint: async (fn) => {
      const name = `savepoint_${++count}`;
      const inner = await trx.savepoint(name).execute();
      try {
        const value = await fn(controlledBy(inner as unknown as ControlledTransaction<Tables>));
        await inner.releaseSavepoint(name).execute();
        return value;
      } catch (error) {
        await inner.rollbackToSavepoint(name).execute();
        throw error;
      }
    },
  };
}

/** Kysely as the contract sees it, on a schema of its own. */
export async function connectKysely(
  begin: Begin = controlled,
  derive: (db: Kysely<Tables>) => Kysely<Tables> = (db) => db,
  { Kysely, PostgresDialect }: KyselyVersion = kysely28,
): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  const db = derive(
    trackKyselyTransactions(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })),
  );
  return {
    transaction: (fn, { isolation } = {}) => begin(db, isolation, fn),
    query: queryOf(db),
    close: async () => {
      await db.destroy();
      await schema.drop();
    },
  };
}
