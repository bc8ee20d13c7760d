import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import { isInTransaction, NO_OPERATION } from '../ended-by-server.js';
import { type DrizzleTransaction, isOfKind } from './drizzle.client.js';

/**
 * Returns what transactional executors write through: the transaction's own session, with its logger.
 *
 * @returns undefined on databases other than PostgreSQL, whose transactions expose none
 * @internal
 */
export function connectionOf(tx: DrizzleTransaction): FrameConnection | undefined {
  const session = tx._?.session;
  if (session === undefined) return undefined;
  return {
    executeSql: async (text, values = []) => {
      const result = await session.prepareQuery({ sql: text, params: values }, undefined, undefined, false).execute();
      return { rows: Array.isArray(result) ? result : (result as { rows: unknown[] }).rows };
    },
  };
}

/**
 * Asks MySQL and MariaDB whether they still have the transaction.
 *
 * @returns undefined on other databases, which tell by the answer to COMMIT
 * @internal
 */
export function stillOpen(tx: DrizzleTransaction): (() => Promise<boolean>) | undefined {
  if (tx.execute === undefined || !isOfKind(tx, 'MySqlDatabase')) return undefined;
  return async () => {
    const answer = await tx.execute!(NO_OPERATION as never);
    return isInTransaction((answer as readonly unknown[] | undefined)?.[0]);
  };
}
