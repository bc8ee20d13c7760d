import type { FrameConnection } from '../../core/transaction-frame.js';
import type { DrizzleTransaction } from './drizzle.client.js';

/**
 * What transactional executors write through: the transaction's own session, with its logger.
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
