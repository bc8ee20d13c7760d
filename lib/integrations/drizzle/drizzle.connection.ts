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

/**
 * Calls `note` in the code that makes a statement of a transaction, while `fn` runs.
 *
 * @internal
 */
export async function noteStatements<R>(
  tx: DrizzleTransaction,
  note: (sql: string) => void,
  fn: () => Promise<R>,
): Promise<R> {
  const session = tx._?.session ?? tx.session;
  if (session === undefined) return fn();
  const own = Object.getOwnPropertyDescriptor(session, 'prepareQuery');
  const prepare = session.prepareQuery.bind(session);
  const noting: typeof prepare = (...args) => {
    note(args[0].sql);
    return prepare(...args);
  };
  // On the object: it is one for each transaction, unless the database is on one connection.
  Object.defineProperty(session, 'prepareQuery', {
    value: noting,
    configurable: true,
    writable: true,
  });
  try {
    return await fn();
  } finally {
    if (own === undefined) Reflect.deleteProperty(session, 'prepareQuery');
    else Object.defineProperty(session, 'prepareQuery', own);
  }
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
  const { session } = tx;
  if (session === undefined || !isOfKind(tx, 'MySqlDatabase')) return undefined;
  return async () => {
    // Not by `tx.execute`, which takes no text in older versions.
    const question = { sql: NO_OPERATION, params: [] };
    const answer = await session.prepareQuery(question, undefined, undefined, false).execute();
    return isInTransaction((answer as readonly unknown[] | undefined)?.[0]);
  };
}
