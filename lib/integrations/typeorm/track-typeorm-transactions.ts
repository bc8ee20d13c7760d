import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { trackManagerTransactions } from './entity-manager.frames.js';
import { trackQueryRunner } from './tracked-query-runner.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.client.js';
import { requirePeer } from '../../installation/required-peer.js';
import { disguised } from '../../nest/methods/wrap-method.js';
import { replaceOnClass } from '../replace-on-class.js';

/**
 * Makes effects called in a transaction of `dataSource` share its fate, and those in a nested one
 * that of its savepoint: `dataSource.transaction(…)`, `manager.transaction(…)`, a query runner's
 * `startTransaction()`, what TypeORM begins of its own accord, and whatever is built on these, as
 * typeorm-transactional. Changes `dataSource` in place and returns it; does nothing the second
 * time. Query runners created before are not covered.
 *
 * @throws AirlockOptionsError for what is no data source, or one of a database without transactions
 * @publicApi
 */
export function trackTypeOrmTransactions<D extends TypeOrmDataSource>(dataSource: D): D {
  assertTransactional(dataSource);
  requirePeer('typeorm', '>=0.3.20', 'nestjs-airlock/typeorm');
  const { createQueryRunner } = dataSource;
  if ((createQueryRunner as { [TRACKS_TRANSACTIONS]?: true })[TRACKS_TRANSACTIONS])
    return dataSource;
  trackManagerTransactions(Object.getPrototypeOf(dataSource.manager) as object);
  const tracking = (...args: never[]): TypeOrmQueryRunner =>
    trackQueryRunner(createQueryRunner.apply(dataSource, args), dataSource);
  return Object.assign(dataSource, {
    createQueryRunner: Object.defineProperty(
      disguised(tracking, createQueryRunner),
      TRACKS_TRANSACTIONS,
      { value: true },
    ),
  });
}

/** The prototypes of a data source and of its managers. @internal */
export interface DataSourceClasses {
  readonly dataSource: object;
  readonly manager: object;
}

/**
 * Tracks every data source of some classes, if it has transactions, also data sources that are made
 * later or that nobody hands to Airlock.
 *
 * @returns a function that ends it
 * @internal
 */
export function trackEveryDataSource(classes: readonly DataSourceClasses[]): () => void {
  const ends = classes.flatMap(({ dataSource, manager }) => [
    trackManagerTransactions(manager),
    trackQueryRunners(dataSource),
  ]);
  return () => {
    for (const end of ends) end();
  };
}

function trackQueryRunners(prototype: object): () => void {
  return replaceOnClass(
    prototype,
    'createQueryRunner',
    (original) =>
      function (this: TypeOrmDataSource, ...mode: unknown[]) {
        const runner = original.apply(this, mode) as TypeOrmQueryRunner;
        return this.driver.transactionSupport === 'none' ? runner : trackQueryRunner(runner, this);
      },
  );
}

function assertTransactional(dataSource: TypeOrmDataSource): void {
  if (typeof dataSource?.createQueryRunner !== 'function') {
    throw AirlockOptionsError.expected('dataSource', 'a TypeORM DataSource', dataSource);
  }
  if (dataSource.driver.transactionSupport !== 'none') return;
  throw new AirlockOptionsError(
    'dataSource',
    'trackTypeOrmTransactions was given a data source whose driver has no transactions, so that there is nothing to track. Leave it out.',
  );
}
