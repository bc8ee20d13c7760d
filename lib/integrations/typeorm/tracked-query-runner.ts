import { watchEnds } from './end-watch.js';
import { QueryRunnerFrames } from './query-runner.frames.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.client.js';

/**
 * The key of its frames on a query runner whose transactions are tracked; two installed copies
 * recognise each other.
 */
const FRAMES = Symbol.for('nestjs-airlock.typeorm-frames');

/** The frames of a query runner; undefined where its transactions are not tracked. @internal */
export function framesOf(runner: TypeOrmQueryRunner | undefined): QueryRunnerFrames | undefined {
  return (runner as { [FRAMES]?: QueryRunnerFrames } | undefined)?.[FRAMES];
}

/**
 * Makes a query runner track transactions, in place; nothing happens the second time.
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
    beforeCommit: () => tracked.beforeCommit(),
    rolledBackInstead: () => tracked.rolledBackInstead(),
    ended: (event) => tracked.ended(event),
    outside: (tell) => tracked.outside(tell),
  });
  return runner;
}

/**
 * `await using` commits all at once from TypeORM 1 on, the transaction and the savepoints in it.
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
