import { WatchedStatements } from '../watched-statements.js';
import type { KyselyConnection, KyselyTransaction } from './kysely.client.js';

/** Key on a connection for the statements of its latest transaction. */
const LATEST = Symbol('AIRLOCK_LATEST_STATEMENTS');

interface Latest {
  readonly statements: WatchedStatements;
  readonly onStatement: ((sql?: unknown) => void) | undefined;
}

type WatchedConnection = KyselyConnection & { [LATEST]?: Latest };

/**
 * Watches the statements of a controlled transaction from now on, at its connection: the executors
 * of its copies know nothing of its own.
 *
 * @param onStatement called by the code that sends each
 * @returns undefined until the connection is known
 * @internal
 */
export function statementsOnConnection(
  tx: KyselyTransaction,
  onStatement?: (sql?: unknown) => void,
): () => WatchedStatements | undefined {
  let statements: WatchedStatements | undefined;
  tx.getExecutor()
    .provideConnection(async (connection: WatchedConnection) => {
      if (connection[LATEST] === undefined) watch(connection);
      statements = new WatchedStatements();
      connection[LATEST] = { statements, onStatement };
    })
    .catch(() => {});
  return () => statements;
}

/** Replaces the methods on the connection itself, as Kysely does for its log. */
function watch(connection: WatchedConnection): void {
  const { executeQuery, streamQuery } = connection;
  connection.executeQuery = (...args) => {
    const { statements, onStatement } = connection[LATEST]!;
    const [statement] = args as readonly unknown[];
    const { sql } = statement as { readonly sql?: unknown };
    onStatement?.(sql);
    statements.read(sql);
    const answer = executeQuery.apply(connection, args);
    statements.watch(answer);
    return answer;
  };
  connection.streamQuery = (...args) => {
    const { statements, onStatement } = connection[LATEST]!;
    onStatement?.();
    statements.doubt();
    return streamQuery.apply(connection, args);
  };
}
