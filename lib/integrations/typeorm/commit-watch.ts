import type { TypeOrmBroadcaster } from './typeorm.client.js';

/** @internal */
export interface CommitWatcher {
  /** The last word before the statement. */
  beforeCommit(): Promise<void> | undefined;
  /** The statement was answered by a rollback and no error. */
  rolledBackInstead(): void;
}

/**
 * Watches what happens inside a query runner's `commitTransaction`, by what it tells its subscribers.
 *
 * @internal
 */
export function watchCommit(broadcaster: TypeOrmBroadcaster, watcher: CommitWatcher): void {
  const { broadcast, broadcastAfterQueryEvent } = broadcaster;
  broadcaster.broadcast = (event, ...rest) => {
    const told = broadcast.call(broadcaster, event, ...rest);
    // After the subscribers: they may call effects too.
    return event === 'BeforeTransactionCommit' ? told.then(() => watcher.beforeCommit()) : told;
  };
  broadcaster.broadcastAfterQueryEvent = (...args) => {
    const [, query, , , , answer] = args;
    // PostgreSQL does so where the error of a statement was swallowed.
    if (query === 'COMMIT' && (answer as { command?: unknown } | undefined)?.command === 'ROLLBACK') {
      watcher.rolledBackInstead();
    }
    return broadcastAfterQueryEvent.apply(broadcaster, args);
  };
}
