import type { SqlDialect } from '../../core/model/dispatch-context.js';
import type { FrameConnection, FrameOptions } from '../../core/frame/transaction-frame.js';
import { isInTransaction, isNotKnownToHaveEnded, NO_OPERATION } from '../ended-by-server.js';
import type { TypeOrmQueryRunner } from './typeorm.client.js';

/** Databases with `$1` as a placeholder. */
const POSTGRES = ['postgres', 'aurora-postgres', 'cockroachdb'];

/** Databases that end a transaction after a deadlock and let its COMMIT succeed. */
const MYSQL = ['mysql', 'mariadb'];

const SQLITE = [
  'better-sqlite3',
  'sqljs',
  'sqlite',
  'expo',
  'capacitor',
  'cordova',
  'nativescript',
  'react-native',
];

/**
 * Returns the options of frames that depend on the query runner's database.
 *
 * @param type the `type` of the data source's options
 * @internal
 */
export function databaseOf(
  type: string,
  runner: Pick<TypeOrmQueryRunner, 'query' | 'databaseConnection'>,
): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const dialect = dialectOf(type);
  if (dialect === undefined) return {};
  const connection: FrameConnection = {
    dialect,
    executeSql: async (text, values) => ({
      rows: (await runner.query(text, values, true)).records ?? [],
    }),
  };
  if (dialect === 'postgres')
    return {
      connection,
      isStillOpen: async () => isNotKnownToHaveEnded(runner.databaseConnection),
    };
  if (dialect !== 'mysql') return { connection };
  return {
    connection,
    isStillOpen: async () =>
      isInTransaction((await runner.query(NO_OPERATION, undefined, true)).raw),
  };
}

function dialectOf(type: string): SqlDialect | undefined {
  if (POSTGRES.includes(type)) return 'postgres';
  if (MYSQL.includes(type)) return 'mysql';
  return SQLITE.includes(type) ? 'sqlite' : undefined;
}
