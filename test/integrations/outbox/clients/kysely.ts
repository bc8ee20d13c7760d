import {
  CompiledQuery,
  type Dialect,
  Kysely,
  type KyselyPlugin,
  MysqlDialect,
  PostgresDialect,
  type SqliteDatabase,
  SqliteDialect,
} from 'kysely';
import { createPool } from 'mysql2';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { Pool } from 'pg';
import { freshMariadb, freshSchema } from '../../../servers.js';
import type { OutboxClient, Row } from '../client.js';

export async function connectPostgres(
  plugins: readonly KyselyPlugin[] = [],
): Promise<OutboxClient> {
  const schema = await freshSchema();
  return connect(
    'postgres',
    new PostgresDialect({ pool: new Pool({ connectionString: schema.url }) }),
    () => schema.drop(),
    plugins,
  );
}

export async function connectMariadb(plugins: readonly KyselyPlugin[] = []): Promise<OutboxClient> {
  const schema = await freshMariadb();
  return connect(
    'mariadb',
    new MysqlDialect({ pool: createPool(schema.url) }),
    () => schema.drop(),
    plugins,
  );
}

/** It comes without types. */
const Sqlite =
  jest.requireActual<new (path: string, options?: { timeout: number }) => BetterSqlite>(
    'better-sqlite3',
  );

interface BetterSqlite extends SqliteDatabase {
  exec(sql: string): void;
  defaultSafeIntegers(): void;
}

/** One that does not wait for the locks of others. */
export function openSqlite(path = ':memory:'): BetterSqlite {
  return new Sqlite(path, { timeout: 0 });
}

export async function connectSqlite(): Promise<OutboxClient> {
  return connect('sqlite', new SqliteDialect({ database: new Sqlite(':memory:') }), async () => {});
}

/** The outbox asks the driver itself, as its page says. */
export async function connectBetterSqlite(db = openSqlite()): Promise<OutboxClient> {
  return {
    ...connect('sqlite', new SqliteDialect({ database: db }), async () => {}),
    connection: {
      query: async (sql, values) => {
        const statement = db.prepare(sql);
        return statement.reader ? statement.all(values) : statement.run(values);
      },
    },
  };
}

function connect(
  dialect: OutboxClient['dialect'],
  driver: Dialect,
  drop: () => Promise<void>,
  plugins: readonly KyselyPlugin[] = [],
): OutboxClient {
  const db = trackKyselyTransactions(
    new Kysely<object>({ dialect: driver, plugins: [...plugins] }),
  );
  return {
    dialect,
    connection: { query: (sql, values) => db.executeQuery(CompiledQuery.raw(sql, values)) },
    transaction: (fn) =>
      db.transaction().execute((trx) =>
        fn({
          query: async (sql) => (await trx.executeQuery(CompiledQuery.raw(sql))).rows as Row[],
        }),
      ),
    close: async () => {
      await db.destroy();
      await drop();
    },
  };
}
