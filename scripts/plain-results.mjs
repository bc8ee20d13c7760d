/**
 * Removes from a suite's errors what JSON cannot carry: the tree of a linted file is circular, and
 * `jest --json` would end in an error of its own.
 */
export default function plainResults(results) {
  for (const { testResults } of results.testResults)
    for (const test of testResults) test.failureDetails = [];
  return results;
}
