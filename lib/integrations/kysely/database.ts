import type { FrameOptions } from '../../core/frame/transaction-frame.js';
import { answersInTransaction, isInTransactionBySql } from '../ended-by-server.js';
import type { KyselyTransaction } from './kysely.client.js';

/** Returns the options of frames that depend on the transaction's database. @internal */
export function databaseOf(tx: KyselyTransaction): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const { supportsReturning, supportsTransactionalDdl } = tx.getExecutor().adapter;
  const query = async (sql: string, parameters: readonly unknown[] = []): Promise<unknown[]> => {
    const statement = { sql, parameters, query: { kind: 'RawNode' }, queryId: { queryId: 'nestjs-airlock' } };
    // Plugins rename columns.
    return (await tx.withoutPlugins().executeQuery(statement)).rows;
  };
  // Of the databases that Kysely knows only PostgreSQL has both, and only MySQL neither.
  if (supportsReturning && supportsTransactionalDdl) {
    return {
      connection: { executeSql: async (text, values) => ({ rows: await query(text, values) }) },
      isStillOpen: () => answersInTransaction(query),
    };
  }
  return supportsReturning || supportsTransactionalDdl ? {} : { isStillOpen: () => isInTransactionBySql(query) };
}
