import type { BoundaryContractOptions } from './boundary-contract.js';
import { BoundarySuite } from './boundary-contract/boundary-suite.js';
import { decoratorCases } from './boundary-contract/decorator.cases.js';
import { failureCases } from './boundary-contract/failure.cases.js';
import { isolationCases } from './boundary-contract/isolation.cases.js';
import { nestingCases } from './boundary-contract/nesting.cases.js';
import { optionCases } from './boundary-contract/option.cases.js';
import { outcomeCases } from './boundary-contract/outcome.cases.js';
import { surroundingsCases } from './boundary-contract/surroundings.cases.js';
import { testRunner } from './contracts/test-runner.js';

/**
 * The suite that every kind of entry point passes: whatever starts the work, its effects get out when it completes and nowhere
 * else, and neither its caller nor the log can tell that there is a boundary. Defined with the globals of Jest or Vitest.
 *
 * @param name the entry point, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing
 * @publicApi
 */
export function describeBoundaryContract(name: string, options: BoundaryContractOptions): void {
  const runner = testRunner('describeBoundaryContract');
  runner.describe(`${name} is a boundary`, () => {
    const suite = new BoundarySuite(runner, options);
    suite.keepApplication();
    outcomeCases(suite);
    decoratorCases(suite);
    optionCases(suite);
    nestingCases(suite);
    surroundingsCases(suite);
    isolationCases(suite);
    failureCases(suite);
  });
}
