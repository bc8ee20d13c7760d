import { watchEnds } from './end-watch.js';
import { QueryRunnerFrames } from './query-runner.frames.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.client.js';

/**
 * Key on a tracked query runner for its frames. Two installed copies recognise each other by it.
 */
const FRAMES = Symbol.for('nestjs-airlock.typeorm-frames');

/** Returns the frames of a query runner; undefined if it is not tracked. @internal */
export function framesOf(runner: TypeOrmQueryRunner | undefined): QueryRunnerFrames | undefined {
  return (runner as { [FRAMES]?: QueryRunnerFrames } | undefined)?.[FRAMES];
}

/**
 * Makes a query runner track transactions, in place. Does nothing the second time.
 * @internal
 */
export function trackQueryRunner(
  runner: TypeOrmQueryRunner,
  dataSource: TypeOrmDataSource,
): TypeOrmQueryRunner {
  if (framesOf(runner) !== undefined) return runner;
  const tracked = new QueryRunnerFrames(runner, dataSource);
  Object.defineProperty(runner, FRAMES, { value: tracked });
  Object.assign(runner, {
    startTransaction: (...isolation: never[]) => tracked.start(isolation),
    commitTransaction: () => tracked.commit(),
    rollbackTransaction: () => tracked.rollBack(),
    release: () => tracked.release(),
  });
  disposeInOrder(runner, tracked);
  watchEnds(runner.broadcaster, {
    statementSent: (sql) => tracked.statementSent(sql),
    beforeCommit: () => tracked.beforeCommit(),
    rolledBackInstead: () => tracked.rolledBackInstead(),
    ended: (event) => tracked.ended(event),
    outside: (tell) => tracked.outside(tell),
  });
  return runner;
}

/**
 * Ends the savepoints before `await using` commits: from TypeORM 1 on it commits the transaction
 * without ending them.
 */
function disposeInOrder(runner: TypeOrmQueryRunner, tracked: QueryRunnerFrames): void {
  const dispose = (runner as { [Symbol.asyncDispose]?(): Promise<void> })[Symbol.asyncDispose];
  if (dispose === undefined) return;
  Object.assign(runner, {
    [Symbol.asyncDispose]: () => {
      tracked.releaseSavepoints();
      return dispose.call(runner);
    },
  });
}
