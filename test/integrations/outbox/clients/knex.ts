import { type Knex, knex as connectTo } from 'knex';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { freshMariadb, freshSchema } from '../../../servers.js';
import type { OutboxClient } from '../client.js';

export async function connectPostgres(config: Knex.Config = {}): Promise<OutboxClient> {
  const schema = await freshSchema();
  return connect('postgres', { client: 'pg', connection: schema.url, ...config }, () =>
    schema.drop(),
  );
}

export async function connectMariadb(config: Knex.Config = {}): Promise<OutboxClient> {
  const schema = await freshMariadb();
  return connect('mariadb', { client: 'mysql2', connection: schema.url, ...config }, () =>
    schema.drop(),
  );
}

export async function connectSqlite(): Promise<OutboxClient> {
  const connection = { filename: ':memory:' };
  return connect(
    'sqlite',
    { client: 'better-sqlite3', connection, useNullAsDefault: true, pool: { min: 1, max: 1 } },
    async () => {},
  );
}

function connect(
  dialect: OutboxClient['dialect'],
  config: Knex.Config,
  drop: () => Promise<void>,
): OutboxClient {
  const knex = trackKnexTransactions(connectTo({ pool: { min: 0, max: 10 }, ...config }));
  const contractOf = (trx: Knex): ContractTransaction => ({
    query: async (sql) => (await trx.raw<{ rows: Record<string, unknown>[] }>(sql)).rows ?? [],
    savepoint: (fn) => trx.transaction((inner) => fn(contractOf(inner))),
  });
  return {
    dialect,
    // As the page says: Knex writes `?` for a placeholder.
    connection: { query: (sql, values) => knex.raw(sql.replace(/\$\d+/g, '?'), values as never[]) },
    transaction: (fn) => knex.transaction((trx) => fn(contractOf(trx))),
    close: async () => {
      await knex.destroy();
      await drop();
    },
  };
}
