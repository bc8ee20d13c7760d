import type { FrameOwner } from '../../core/frame/frame-owner.js';
import type { WatchedStatements } from '../watched-statements.js';
import type { KyselyExecutor, KyselyTransaction } from './kysely.client.js';

/** Key on an executor for the statements of its transaction, and on a class that is watched. */
const STATEMENTS = Symbol('AIRLOCK_STATEMENTS');

/** Methods that return another executor of the same transaction. */
const COPIES = ['withPlugin', 'withPlugins', 'withPluginAtFront', 'withoutPlugins'] as const;

interface Sent {
  readonly watched: WatchedStatements;
  readonly owner: FrameOwner;
}

type Executor = KyselyExecutor & { [STATEMENTS]?: Sent };

/**
 * Watches the statements of a transaction with a callback from now on, at its executor, through
 * which all its objects send them. To ask for its connection would cost more than all the rest.
 *
 * @param owner told of each by the code that sends it
 * @internal
 */
export function watchStatements(
  trx: KyselyTransaction,
  watched: WatchedStatements,
  owner: FrameOwner,
): void {
  const executor: Executor = trx.getExecutor();
  const prototype = Object.getPrototypeOf(executor) as Executor;
  if (!(STATEMENTS in prototype)) watch(prototype);
  executor[STATEMENTS] = { watched, owner };
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
      sent.owner.noteStatement(sql);
      sent.watched.read(sql);
      const answer = executeQuery.apply(this, args);
      sent.watched.watch(answer);
      return answer;
    },
    stream(this: Executor, ...args: never[]) {
      const sent = this[STATEMENTS];
      sent?.owner.noteStatement();
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
