/** What pg-boss keeps of an error, as it does itself with what a handler throws. @internal */
export function outputOf(error: unknown): object {
  return typeof error === 'object' && error !== null ? error : { value: error };
}
