/**
 * What a suite's errors carry besides their message need not be JSON: the tree of a linted file
 * leads back to itself, and `jest --json` would end in an error of its own in place of the results.
 */
export default function plainResults(results) {
  for (const { testResults } of results.testResults)
    for (const test of testResults) test.failureDetails = [];
  return results;
}
