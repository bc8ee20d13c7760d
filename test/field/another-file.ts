/** Calls from a file that is not the test's own. */
export function callElsewhere<R>(call: () => R): R {
  const result = call();
  return result;
}
