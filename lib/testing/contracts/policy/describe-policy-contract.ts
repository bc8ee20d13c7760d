import { testRunner } from '../test-runner.js';
import { answerCases } from './answer.cases.js';
import { isolationCases } from './isolation.cases.js';
import { kindCases } from './kind.cases.js';
import { narrowingCases } from './narrowing.cases.js';
import { nestingCases } from './nesting.cases.js';
import { PolicySuite } from './policy-suite.js';
import { refusalCases } from './refusal.cases.js';
import { verdictCases } from './verdict.cases.js';
import type { PolicyContractOptions } from './policy-contract.js';

/**
 * The suite that every policy passes: it does what its author says, wherever it stands and whatever else goes on; it only
 * narrows, changes nothing and calls no effect. Defined with the globals of Jest or Vitest.
 *
 * @param name the policy, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing
 * @publicApi
 */
export function describePolicyContract(name: string, options: PolicyContractOptions): void {
  const runner = testRunner('describePolicyContract');
  runner.describe(`${name} only narrows`, () => {
    const suite = new PolicySuite(runner, options);
    suite.closeAtTheEnd();
    verdictCases(suite);
    answerCases(suite);
    kindCases(suite);
    refusalCases(suite);
    narrowingCases(suite);
    nestingCases(suite);
    isolationCases(suite);
  });
}
