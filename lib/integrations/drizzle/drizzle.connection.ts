import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import type { SqlDialect } from '../../core/model/dispatch-context.js';
import { isInTransaction, isNotKnownToHaveEnded, NO_OPERATION } from '../ended-by-server.js';
import { rowsIn } from '../rows-in.js';
import { type DrizzleTransaction, isOfKind } from './drizzle.client.js';

/**
 * Returns the connection for transactional executors: the transaction's own session, with its
 * logger.
 *
 * @returns undefined on a database that no executor writes in
 * @internal
 */
export function connectionOf(tx: DrizzleTransaction): FrameConnection | undefined {
  const dialect = dialectOf(tx);
  const session = tx._?.session ?? tx.session;
  if (dialect === undefined || session === undefined) return undefined;
  return {
    dialect,
    executeSql: async (text, values = []) => {
      const query = session.prepareQuery(
        { sql: text, params: values },
        undefined,
        undefined,
        false,
      );
      return {
        rows: rowsIn(await (dialect === 'sqlite' ? query.run!() : query.execute())),
      };
    },
  };
}

function dialectOf(tx: DrizzleTransaction): SqlDialect | undefined {
  if (isOfKind(tx, 'PgDatabase')) return 'postgres';
  if (isOfKind(tx, 'MySqlDatabase')) return 'mysql';
  return isOfKind(tx, 'BaseSQLiteDatabase') ? 'sqlite' : undefined;
}

/**
 * Asks MySQL and MariaDB whether they still have the transaction, and `pg` what it knows of it.
 *
 * @returns undefined on other databases
 * @internal
 */
export function stillOpen(tx: DrizzleTransaction): (() => Promise<boolean>) | undefined {
  if (isOfKind(tx, 'PgDatabase')) {
    const client: unknown = tx._?.session?.client;
    return async () => isNotKnownToHaveEnded(client);
  }
  if (tx.execute === undefined || !isOfKind(tx, 'MySqlDatabase')) return undefined;
  return async () => {
    const answer = await tx.execute!(NO_OPERATION as never);
    return isInTransaction((answer as readonly unknown[] | undefined)?.[0]);
  };
}
