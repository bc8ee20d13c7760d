import type { SqlDialect } from '../../core/model/dispatch-context.js';
import type { FrameConnection, FrameOptions } from '../../core/frame/transaction-frame.js';
import { answersInTransaction, isInTransactionBySavepoint } from '../ended-by-server.js';
import type { WatchedStatements } from '../watched-statements.js';
import type { KyselyTransaction } from './kysely.client.js';

/**
 * Returns the options of frames that depend on the transaction's database.
 *
 * @param tx a transaction that has just begun
 * @param statements those of the transaction, once they are known
 * @internal
 */
export function databaseOf(
  tx: KyselyTransaction,
  statements: () => WatchedStatements | undefined,
): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const { supportsReturning, supportsTransactionalDdl } = tx.getExecutor().adapter;
  const query = async (sql: string, parameters: readonly unknown[] = []): Promise<unknown[]> => {
    const statement = {
      sql,
      parameters,
      query: { kind: 'RawNode' },
      queryId: { queryId: 'nestjs-airlock' },
    };
    // Plugins rename columns.
    return (await tx.withoutPlugins().executeQuery(statement)).rows;
  };
  const ask = (): Promise<boolean> => answersInTransaction(query);
  const connectionOn = (dialect: SqlDialect): FrameConnection => ({
    dialect,
    executeSql: async (text, values) => ({ rows: await query(text, values) }),
  });
  // Among the databases of Kysely, only PostgreSQL supports both, only MySQL neither, and SQLite
  // only `returning`.
  if (supportsReturning && supportsTransactionalDdl) {
    return {
      connection: connectionOn('postgres'),
      isStillOpen: () => statements()?.leaveItOpen(ask) ?? ask(),
    };
  }
  if (supportsReturning) return { connection: connectionOn('sqlite') };
  if (supportsTransactionalDdl) return {};
  return {
    connection: connectionOn('mysql'),
    isStillOpen: () => isInTransactionBySavepoint(query),
  };
}
