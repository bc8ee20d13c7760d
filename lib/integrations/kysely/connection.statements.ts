import { WatchedStatements } from '../watched-statements.js';
import type { KyselyConnection, KyselyTransaction } from './kysely.client.js';

/** Key on a connection for the statements of its latest transaction. */
const LATEST = Symbol('AIRLOCK_LATEST_STATEMENTS');

type WatchedConnection = KyselyConnection & { [LATEST]?: WatchedStatements };

/**
 * Watches the statements of a transaction from now on, at its connection, to which all its
 * objects send them.
 *
 * @returns undefined until the connection is known
 * @internal
 */
export function statementsOf(tx: KyselyTransaction): () => WatchedStatements | undefined {
  let statements: WatchedStatements | undefined;
  tx.getExecutor()
    .provideConnection(async (connection: WatchedConnection) => {
      if (connection[LATEST] === undefined) watch(connection);
      connection[LATEST] = statements = new WatchedStatements();
    })
    .catch(() => {});
  return () => statements;
}

/** Replaces the methods on the connection itself, as Kysely does for its log. */
function watch(connection: WatchedConnection): void {
  const { executeQuery, streamQuery } = connection;
  connection.executeQuery = (...args) => {
    const [statement] = args as readonly unknown[];
    connection[LATEST]!.read((statement as { readonly sql?: unknown }).sql);
    const answer = executeQuery.apply(connection, args);
    connection[LATEST]!.watch(answer);
    return answer;
  };
  connection.streamQuery = (...args) => {
    connection[LATEST]!.doubt();
    return streamQuery.apply(connection, args);
  };
}
