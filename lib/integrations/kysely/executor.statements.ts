import { WatchedStatements } from '../watched-statements.js';
import type { KyselyExecutor, KyselyTransaction } from './kysely.client.js';

/** Key on an executor for the statements of its transaction, and on a class that is watched. */
const STATEMENTS = Symbol('AIRLOCK_STATEMENTS');

/** Methods that return another executor of the same transaction. */
const COPIES = ['withPlugin', 'withPlugins', 'withPluginAtFront', 'withoutPlugins'] as const;

interface Sent {
  readonly watched: WatchedStatements;
  readonly onStatement: (sql?: unknown) => void;
}

type Executor = KyselyExecutor & { [STATEMENTS]?: Sent };

/**
 * Watches the statements of a transaction with a callback from now on, at its executor, through
 * which all its objects send them. To ask for its connection would cost more than all the rest.
 *
 * @param onStatement called by the code that sends each
 * @internal
 */
export function statementsOf(
  tx: KyselyTransaction,
  onStatement: (sql?: unknown) => void,
): WatchedStatements {
  const executor: Executor = tx.getExecutor();
  const prototype = Object.getPrototypeOf(executor) as Executor;
  if (!(STATEMENTS in prototype)) watch(prototype);
  const watched = new WatchedStatements();
  executor[STATEMENTS] = { watched, onStatement };
  return watched;
}

/** Watches all executors of a class: to replace the methods of each would cost each transaction. */
function watch(prototype: Executor): void {
  const { executeQuery, stream } = prototype;
  Object.assign(prototype, {
    [STATEMENTS]: undefined,
    executeQuery(this: Executor, ...args: never[]) {
      const sent = this[STATEMENTS];
      if (sent === undefined) return executeQuery.apply(this, args);
      const [statement] = args as readonly unknown[];
      const { sql } = statement as { readonly sql?: unknown };
      sent.onStatement(sql);
      sent.watched.read(sql);
      const answer = executeQuery.apply(this, args);
      sent.watched.watch(answer);
      return answer;
    },
    stream(this: Executor, ...args: never[]) {
      const sent = this[STATEMENTS];
      sent?.onStatement();
      sent?.watched.doubt();
      return stream.apply(this, args);
    },
  });
  for (const key of COPIES) {
    const copy = prototype[key];
    Object.assign(prototype, {
      [key](this: Executor, ...args: never[]) {
        const copied: Executor = copy.apply(this, args);
        copied[STATEMENTS] = this[STATEMENTS];
        return copied;
      },
    });
  }
}
