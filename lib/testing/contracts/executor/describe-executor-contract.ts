import { testRunner } from '../test-runner.js';
import type { ExecutorContractOptions } from './executor-contract.js';
import { argumentCases } from './argument.cases.js';
import { ExecutorSuite } from './executor-suite.js';
import { failureCases } from './failure.cases.js';
import { frameCases } from './frame.cases.js';
import { limitCases } from './limit.cases.js';
import { outcomeCases } from './outcome.cases.js';
import { shutdownCases } from './shutdown.cases.js';

/**
 * Defines the suite that every executor passes, with the globals of Jest or Vitest: what a scope
 * lets out runs, once and in order, with the arguments it was called with, and nothing else runs.
 *
 * @param name the executor, as it stands in the report
 * @throws AirlockOptionsError where the test runner's globals are missing
 * @publicApi
 * @example
 * ```ts
 * describeExecutorContract('MyQueueExecutor', {
 *   remote: true,
 *   boot: async ({ producer, consumer }) => {
 *     const [web, worker] = [await bootWeb(producer), await bootWorker(consumer)];
 *     return { producer: web, delivered: () => worker.jobs, close: () => closeBoth(web, worker) };
 *   },
 * });
 * ```
 */
export function describeExecutorContract(name: string, options: ExecutorContractOptions): void {
  const runner = testRunner('describeExecutorContract');
  runner.describe(`${name} runs what is let out`, () => {
    const suite = new ExecutorSuite(runner, options);
    suite.keepSystem();
    outcomeCases(suite);
    argumentCases(suite);
    failureCases(suite);
    frameCases(suite);
    limitCases(suite);
    shutdownCases(suite);
  });
}
