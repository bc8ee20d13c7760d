import { peerCopies } from '../peer-copies.js';
import type { KnexClient } from './knex.client.js';

const CLIENTS = [
  'better-sqlite3',
  'cockroachdb',
  'mariadb',
  'mssql',
  'mysql',
  'mysql2',
  'oracledb',
  'pg',
  'pgnative',
  'redshift',
  'sqlite3',
];

/**
 * Makes an instance for each database that the installed Knex knows. Without a `connection` it
 * loads no driver and has no pool.
 * @internal
 */
export async function installedInstances(): Promise<readonly KnexClient[]> {
  const copies = await peerCopies('knex', () => import('knex'));
  return copies.flatMap(({ knex }) =>
    CLIENTS.flatMap((client) => {
      try {
        return [knex({ client, useNullAsDefault: true })];
      } catch {
        // This version does not know it.
        return [];
      }
    }),
  );
}
