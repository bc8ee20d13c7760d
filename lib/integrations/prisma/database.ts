import type { FrameOptions } from '../../core/frame/transaction-frame.js';
import { answersInTransaction, isInTransactionBySql } from '../ended-by-server.js';
import type { PrismaTransaction } from './prisma.client.js';

/**
 * Returns the options of frames that depend on the transaction's database.
 *
 * @param provider as the schema names it
 * @internal
 */
export function databaseOf(provider: unknown, tx: PrismaTransaction): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const query = (sql: string, ...values: unknown[]): PromiseLike<unknown> => tx.$queryRawUnsafe(sql, ...values);
  switch (provider) {
    case 'postgresql':
    case 'cockroachdb':
      return {
        connection: {
          executeSql: async (text, values = []) => ({ rows: (await query(text, ...values)) as unknown[] }),
        },
        isStillOpen: () => answersInTransaction(query),
      };
    case 'mysql':
      return { isStillOpen: () => isInTransactionBySql(query) };
    default:
      return {};
  }
}
