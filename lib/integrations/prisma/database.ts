import type { SqlDialect } from '../../core/model/dispatch-context.js';
import type { FrameConnection, FrameOptions } from '../../core/frame/transaction-frame.js';
import { answersInTransaction, isInTransactionBySql } from '../ended-by-server.js';
import type { WatchedStatements } from '../watched-statements.js';
import type { PrismaTransaction } from './prisma.client.js';

/**
 * Returns the options of frames that depend on the transaction's database.
 *
 * @param provider as the schema names it
 * @param statements those of the transaction, where they are seen
 * @internal
 */
export function databaseOf(
  provider: unknown,
  tx: PrismaTransaction,
  statements: WatchedStatements | undefined,
): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const query = (sql: string, ...values: unknown[]): PromiseLike<unknown> =>
    tx.$queryRawUnsafe(sql, ...values);
  const connectionOn = (dialect: SqlDialect): FrameConnection => ({
    dialect,
    executeSql: async (text, values = []) => ({
      rows: (await query(text, ...values)) as unknown[],
    }),
  });
  const ask = (): Promise<boolean> => answersInTransaction(query);
  switch (provider) {
    case 'postgresql':
    case 'cockroachdb':
      return {
        connection: connectionOn('postgres'),
        isStillOpen: () => statements?.leaveItOpen(ask) ?? ask(),
      };
    case 'mysql':
      return {
        connection: connectionOn('mysql'),
        isStillOpen: () => isInTransactionBySql(query, statements),
      };
    case 'sqlite':
      return { connection: connectionOn('sqlite') };
    default:
      return {};
  }
}
