/**
 * The rows in what a client resolves a statement to: an array of them, an object with `rows`, or an
 * array with the rows first.
 *
 * @internal
 */
export function rowsIn(answer: unknown): readonly object[] {
  const given: unknown = Array.isArray(answer)
    ? answer
    : (answer as { readonly rows?: unknown } | undefined)?.rows;
  if (!Array.isArray(given)) return [];
  const [first] = given as unknown[];
  if (Array.isArray(first)) return first as object[];
  // What `mysql2` tells of a statement without rows.
  return given.length === 2 && first !== null && 'affectedRows' in Object(first)
    ? []
    : (given as object[]);
}
