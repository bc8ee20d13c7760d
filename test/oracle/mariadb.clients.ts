import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import { type Knex, knex as connect } from 'knex';
import { createPool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { DataSource, type EntityManager } from 'typeorm';

/** Connects to a database of MariaDB. */
export type ConnectOnMariadb = (
  url: string,
  connections: number,
) => Promise<TransactionContractClient>;

/**
 * In the usual one, a savepoint that was rolled back leaves locks behind for which transactions
 * begun in the program would wait for ever.
 */
const ISOLATION = 'read committed';

/** Clients on MariaDB as the contract sees them. */
export const onMariadb = {
  async Knex(url, connections) {
    const knex = trackKnexTransactions(
      connect({
        client: 'mysql2',
        connection: url,
        pool: { min: 0, max: connections },
        log: { warn: () => {} },
      }),
    );
    const contractOf = (trx: Knex): ContractTransaction => ({
      query: async (text) => rowsOf((await trx.raw<[Answer]>(text))[0]),
      savepoint: (fn) => trx.transaction((inner) => fn(contractOf(inner))),
    });
    return {
      transaction: (fn) =>
        knex.transaction((trx) => fn(contractOf(trx)), { isolationLevel: ISOLATION }),
      query: (text) => contractOf(knex).query(text),
      close: () => knex.destroy(),
    };
  },

  async Drizzle(url, connections) {
    const pool = createPool({ uri: url, connectionLimit: connections });
    const db = trackDrizzleTransactions(drizzle(pool));
    type Database = Pick<typeof db, 'execute'> & { transaction: (typeof db)['transaction'] };
    const contractOf = (tx: Database): ContractTransaction => ({
      query: async (text) => rowsOf((await tx.execute(sql.raw(text)))[0] as unknown as Answer),
      savepoint: (fn) => tx.transaction((inner) => fn(contractOf(inner as unknown as Database))),
    });
    return {
      transaction: (fn) =>
        db.transaction((tx) => fn(contractOf(tx as unknown as Database)), {
          isolationLevel: ISOLATION,
        }),
      query: (text) => contractOf(db).query(text),
      close: () => pool.end(),
    };
  },

  async TypeORM(url, connections) {
    const options = { type: 'mysql', url, extra: { connectionLimit: connections } } as const;
    const dataSource = trackTypeOrmTransactions(await new DataSource(options).initialize());
    const contractOf = (manager: EntityManager): ContractTransaction => ({
      query: async (text) => rowsOf((await manager.query(text)) as Answer),
      savepoint: (fn) => manager.transaction((inner) => fn(contractOf(inner))),
    });
    return {
      transaction: (fn) =>
        dataSource.transaction('READ COMMITTED', (manager) => fn(contractOf(manager))),
      query: (text) => contractOf(dataSource.manager).query(text),
      close: () => dataSource.destroy(),
    };
  },
} satisfies Record<string, ConnectOnMariadb>;

type Answer = RowDataPacket[] | ResultSetHeader;

function rowsOf(answer: Answer | undefined): readonly Record<string, unknown>[] {
  return Array.isArray(answer) ? answer : [];
}
