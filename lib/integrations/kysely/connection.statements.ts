import { WatchedStatements } from '../watched-statements.js';
import type { KyselyConnection, KyselyTransaction } from './kysely.client.js';

/** The statements of the latest transaction on each connection that was ever watched. */
const latest = new WeakMap<KyselyConnection, WatchedStatements>();

/**
 * Watches the statements of a transaction from now on, on its connection: all that stand for it
 * send theirs there.
 *
 * @returns undefined until the connection is known
 * @internal
 */
export function statementsOf(tx: KyselyTransaction): () => WatchedStatements | undefined {
  let statements: WatchedStatements | undefined;
  tx.getExecutor()
    .provideConnection(async (connection) => {
      if (!latest.has(connection)) watch(connection);
      latest.set(connection, (statements = new WatchedStatements()));
    })
    .catch(() => {});
  return () => statements;
}

/** Replaces the methods on the connection itself, as Kysely does for its log. */
function watch(connection: KyselyConnection): void {
  const { executeQuery, streamQuery } = connection;
  connection.executeQuery = (...args) => {
    const answer = executeQuery.apply(connection, args);
    latest.get(connection)!.watch(answer);
    return answer;
  };
  connection.streamQuery = (...args) => {
    latest.get(connection)!.doubt();
    return streamQuery.apply(connection, args);
  };
}
