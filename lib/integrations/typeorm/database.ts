import type { FrameOptions } from '../../core/frame/transaction-frame.js';
import { isInTransaction, NO_OPERATION } from '../ended-by-server.js';
import type { TypeOrmQueryRunner } from './typeorm.client.js';

/** Databases that know `$1`, which is what transactional executors write. */
const POSTGRES = ['postgres', 'aurora-postgres', 'cockroachdb'];

/** Databases that end a transaction after a deadlock and let its COMMIT succeed. */
const MYSQL = ['mysql', 'mariadb'];

/**
 * Returns the options of frames that depend on the query runner's database.
 *
 * @param type the `type` of the data source's options
 * @internal
 */
export function databaseOf(
  type: string,
  runner: Pick<TypeOrmQueryRunner, 'query'>,
): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  if (POSTGRES.includes(type)) {
    return {
      connection: {
        executeSql: async (text, values) => ({ rows: (await runner.query(text, values, true)).records }),
      },
    };
  }
  if (!MYSQL.includes(type)) return {};
  return { isStillOpen: async () => isInTransaction((await runner.query(NO_OPERATION, undefined, true)).raw) };
}
