import { CompiledQuery, type Dialect, Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import { createPool } from 'mysql2';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { Pool } from 'pg';
import { freshMariadb, freshSchema } from '../../../servers.js';
import type { OutboxClient, Row } from '../client.js';

export async function connectPostgres(): Promise<OutboxClient> {
  const schema = await freshSchema();
  return connect(
    'postgres',
    new PostgresDialect({ pool: new Pool({ connectionString: schema.url }) }),
    () => schema.drop(),
  );
}

export async function connectMariadb(): Promise<OutboxClient> {
  const schema = await freshMariadb();
  return connect('mariadb', new MysqlDialect({ pool: createPool(schema.url) }), () =>
    schema.drop(),
  );
}

function connect(
  dialect: OutboxClient['dialect'],
  driver: Dialect,
  drop: () => Promise<void>,
): OutboxClient {
  const db = trackKyselyTransactions(new Kysely<object>({ dialect: driver }));
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
