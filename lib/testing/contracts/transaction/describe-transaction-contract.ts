import { commitCases } from './commit.cases.js';
import { concurrencyCases } from './concurrency.cases.js';
import { TransactionSuite } from './transaction-suite.js';
import { endingCases } from './ending.cases.js';
import { leftoverCases } from './leftover.cases.js';
import { killedConnectionCases } from './killed-connection.cases.js';
import { savepointCases } from './savepoint.cases.js';
import { scopeCases } from './scope.cases.js';
import { testRunner } from '../test-runner.js';
import { triggerCases } from './trigger.cases.js';
import type { TransactionContractOptions } from './transaction-contract.js';

/**
 * Defines the suite that every transaction adapter passes, with the globals of Jest or Vitest: each
 * step writes a row and calls an effect that names it, and in the end the effects that got out
 * equal the rows that are there, minus what outcomes and policies forbid.
 *
 * @param name the adapter, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing, or for a dialect that is
 *   not known
 * @publicApi
 * @example
 * ```ts
 * describeTransactionContract('orders database', {
 *   dialect: 'mysql',
 *   connect: async () => ({
 *     transaction: (fn) => database.transaction((tx) => fn({ query: (sql) => tx.rows(sql) })),
 *     query: (sql) => connection.rows(sql),
 *     close: () => connection.close(),
 *   }),
 * });
 * ```
 */
export function describeTransactionContract(
  name: string,
  options: TransactionContractOptions,
): void {
  const runner = testRunner('describeTransactionContract');
  runner.describe(`${name} tracks transactions`, () => {
    const suite = new TransactionSuite(runner, options);
    suite.keepTables();
    endingCases(suite);
    savepointCases(suite);
    commitCases(suite);
    scopeCases(suite);
    leftoverCases(suite);
    concurrencyCases(suite);
    triggerCases(suite);
    killedConnectionCases(suite);
  });
}
