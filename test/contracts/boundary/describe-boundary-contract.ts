import type { BoundaryContractOptions } from './boundary-contract.js';
import { BoundarySuite } from './boundary-suite.js';
import { decoratorCases } from './decorator.cases.js';
import { failureCases } from './failure.cases.js';
import { isolationCases } from './isolation.cases.js';
import { nestingCases } from './nesting.cases.js';
import { optionCases } from './option.cases.js';
import { outcomeCases } from './outcome.cases.js';
import { surroundingsCases } from './surroundings.cases.js';
import { testRunner } from '../../../lib/testing/contracts/test-runner.js';

/**
 * Defines the suite that every kind of entry point passes: whatever starts the work, its effects
 * get out when it completes and nowhere else, and neither its caller nor the log can tell that
 * there is a boundary. Defined with the globals of Jest or Vitest.
 *
 * @param name the entry point, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing
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
