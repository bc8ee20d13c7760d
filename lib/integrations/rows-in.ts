/**
 * Returns the rows of a statement, whatever its client resolves to: an array of rows, an object
 * with `rows`, or an array that has the rows as its first element.
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
  // Answer of `mysql2` to a statement without rows.
  return given.length === 2 && first !== null && 'affectedRows' in Object(first)
    ? []
    : (given as object[]);
}
