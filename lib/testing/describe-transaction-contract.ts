import { commitCases } from './transaction-contract/commit.cases.js';
import { concurrencyCases } from './transaction-contract/concurrency.cases.js';
import { ContractSuite } from './transaction-contract/contract-suite.js';
import { fateCases } from './transaction-contract/fate.cases.js';
import { leftoverCases } from './transaction-contract/leftover.cases.js';
import { killedConnectionCases } from './transaction-contract/killed-connection.cases.js';
import { savepointCases } from './transaction-contract/savepoint.cases.js';
import { scopeCases } from './transaction-contract/scope.cases.js';
import { testRunner } from './contract/test-runner.js';
import { triggerCases } from './transaction-contract/trigger.cases.js';
import type { TransactionContractOptions } from './transaction-contract.js';

/**
 * The suite that every transaction adapter passes: each step writes a row and calls an effect that names it, and in the end
 * the effects that got out equal the rows that are there, minus what outcomes and policies forbid. Defined with the globals of
 * Jest or Vitest, against PostgreSQL or PGlite.
 *
 * @param name the adapter, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing
 * @publicApi
 */
export function describeTransactionContract(name: string, options: TransactionContractOptions): void {
  const runner = testRunner('describeTransactionContract');
  runner.describe(`${name} tracks transactions`, () => {
    const suite = new ContractSuite(runner, options);
    suite.keepLedgers();
    fateCases(suite);
    savepointCases(suite);
    commitCases(suite);
    scopeCases(suite);
    leftoverCases(suite);
    concurrencyCases(suite);
    triggerCases(suite);
    killedConnectionCases(suite);
  });
}
