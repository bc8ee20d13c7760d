import { testRunner } from '../test-runner.js';
import { answerCases } from './answer.cases.js';
import { placeCases } from './place.cases.js';
import type { PolicyContractOptions } from './policy-contract.js';
import { PolicySuite } from './policy-suite.js';

/**
 * Defines the suite that every policy passes, with the globals of Jest or Vitest: it answers as its
 * author says, wherever it stands and whatever else is running; it copes with calls of all kinds,
 * changes no argument, and neither calls nor runs an effect.
 *
 * @param name the policy, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing
 * @publicApi
 * @example
 * ```ts
 * describePolicyContract('MutedTenants', {
 *   create: () => MutedTenants,
 *   providers: [MutedTenants, Tenants],
 *   lets: ['MailService.sendNews'],
 *   drops: [{ name: 'MailService.sendNews', args: ['acme'] }],
 * });
 * ```
 */
export function describePolicyContract(name: string, options: PolicyContractOptions): void {
  const runner = testRunner('describePolicyContract');
  runner.describe(`${name} only narrows`, () => {
    const suite = new PolicySuite(runner, options);
    answerCases(suite);
    placeCases(suite);
  });
}
