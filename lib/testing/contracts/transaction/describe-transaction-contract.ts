import { commitCases } from './commit.cases.js';
import { concurrencyCases } from './concurrency.cases.js';
import { ContractSuite } from './contract-suite.js';
import { fateCases } from './fate.cases.js';
import { leftoverCases } from './leftover.cases.js';
import { killedConnectionCases } from './killed-connection.cases.js';
import { savepointCases } from './savepoint.cases.js';
import { scopeCases } from './scope.cases.js';
import { testRunner } from '../test-runner.js';
import { triggerCases } from './trigger.cases.js';
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
