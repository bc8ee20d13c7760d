import type { LibSQLDatabase } from 'drizzle-orm/libsql';
import type { MySql2Database } from 'drizzle-orm/mysql2';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgliteDatabase } from 'drizzle-orm/pglite';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { PgTransaction } from 'drizzle-orm/pg-core';
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import {
  AirlockDrizzleModule,
  type DrizzleDatabase,
  trackDrizzleTransactions,
} from 'nestjs-airlock/drizzle';
import type { DrizzleTransaction } from '../../../lib/integrations/drizzle/drizzle.client.js';
import { type Equal, expectTrue } from '../../types/expect.js';
import type { orders } from './fixtures.js';

type Schema = { orders: typeof orders };

/** The databases fit, and keep their own type. */
export function fits(
  nodePostgres: NodePgDatabase<Schema>,
  pglite: PgliteDatabase<Schema>,
  postgresJs: PostgresJsDatabase<Schema>,
  mysql: MySql2Database,
  libsql: LibSQLDatabase,
  synchronous: BaseSQLiteDatabase<'sync', { readonly changes: number }>,
): readonly DrizzleDatabase[] {
  const kept = trackDrizzleTransactions(nodePostgres);
  expectTrue<Equal<typeof kept, NodePgDatabase<Schema>>>();
  return [
    kept,
    trackDrizzleTransactions(pglite, { name: 'orders' }),
    postgresJs,
    mysql,
    libsql,
    trackDrizzleTransactions(synchronous),
  ];
}

/** What is called of a transaction of PostgreSQL is there. */
export function exposes(tx: PgTransaction<never, Schema, never>): DrizzleTransaction {
  return tx;
}

export function refuses(): void {
  // @ts-expect-error no database
  trackDrizzleTransactions({});
  // @ts-expect-error no such option
  AirlockDrizzleModule.forRoot({ tokens: [] });
}
