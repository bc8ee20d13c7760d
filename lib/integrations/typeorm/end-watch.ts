import type { TypeOrmBroadcaster } from './typeorm.client.js';

interface EndWatcher {
  /** Called in the code that has sent a statement. */
  statementSent(sql: unknown): void;
  /** Called just before COMMIT is sent. */
  beforeCommit(): void | Promise<void>;
  /** Called if the server answers COMMIT with a rollback and no error. */
  rolledBackInstead(): void;
  /** Called when the transaction or savepoint is over. */
  ended(event: 'AfterTransactionCommit' | 'AfterTransactionRollback'): void;
  /** Calls the subscribers of an end, outside of what has ended. */
  outside<R>(tell: () => R): R;
}

/** Matches the statements that end a transaction or savepoint. */
const END = /^(COMMIT|ROLLBACK|RELEASE)\b/i;

/**
 * Watches what happens inside a query runner's `commitTransaction` and `rollbackTransaction`, by
 * what it tells its subscribers.
 *
 * @internal
 */
export function watchEnds(broadcaster: TypeOrmBroadcaster, watcher: EndWatcher): void {
  const { broadcast, broadcastAfterQueryEvent } = broadcaster;
  broadcaster.broadcast = (event, ...rest) => {
    const tell = (): Promise<void> => broadcast.call(broadcaster, event, ...rest);
    // After the subscribers: they may call effects too.
    if (event === 'BeforeTransactionCommit') return tell().then(() => watcher.beforeCommit());
    if (event !== 'AfterTransactionCommit' && event !== 'AfterTransactionRollback') return tell();
    watcher.ended(event);
    return watcher.outside(tell);
  };
  broadcaster.broadcastAfterQueryEvent = (...args) => {
    const [, query, , , , answer] = args;
    watcher.statementSent(query);
    const tell = (): void => broadcastAfterQueryEvent.apply(broadcaster, args);
    if (typeof query !== 'string' || !END.test(query)) return tell();
    // PostgreSQL does so if the error of a statement was swallowed.
    if (
      query === 'COMMIT' &&
      (answer as { command?: unknown } | undefined)?.command === 'ROLLBACK'
    ) {
      watcher.rolledBackInstead();
    }
    return watcher.outside(tell);
  };
}
