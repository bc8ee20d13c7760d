import type { OutboxDialect } from '../outbox.options.js';
import { MySqlOutboxSql } from './mysql.outbox-sql.js';
import { PostgresOutboxSql } from './postgres.outbox-sql.js';
import { SqliteOutboxSql } from './sqlite.outbox-sql.js';
import type { OutboxSql } from './statements.js';

export type { OutboxSql } from './statements.js';

/**
 * The statements of the outbox for one database.
 *
 * @param schema @default where the connection looks
 * @param catalog the database that the schema is in, for PostgreSQL
 * @internal
 */
export function outboxSqlOf(
  dialect: OutboxDialect,
  table = 'airlock_outbox',
  schema?: string,
  catalog?: string,
): OutboxSql {
  switch (dialect) {
    case 'postgres':
      return new PostgresOutboxSql(table, schema, catalog);
    case 'sqlite':
      return new SqliteOutboxSql(table, schema);
    default:
      return new MySqlOutboxSql(table, schema);
  }
}
