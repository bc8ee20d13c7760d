import { peerCopies } from '../peer-copies.js';
import type { DrizzleDatabase } from './drizzle.client.js';

/**
 * Makes an object of each database class, for each dialect and copy that is installed.
 * @internal
 */
export async function installedDatabases(): Promise<readonly DrizzleDatabase[]> {
  const classes = [
    ...(await peerCopies('drizzle-orm/pg-core', () => import('drizzle-orm/pg-core'))).map(
      ({ PgDatabase }) => PgDatabase,
    ),
    ...(await peerCopies('drizzle-orm/mysql-core', () => import('drizzle-orm/mysql-core'))).map(
      ({ MySqlDatabase }) => MySqlDatabase,
    ),
    ...(await peerCopies('drizzle-orm/sqlite-core', () => import('drizzle-orm/sqlite-core'))).map(
      ({ BaseSQLiteDatabase }) => BaseSQLiteDatabase,
    ),
  ];
  return classes.map(({ prototype }) => Object.create(prototype as object) as DrizzleDatabase);
}
