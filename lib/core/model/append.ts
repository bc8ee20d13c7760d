/** `push(...items)` without a limit: each argument of a call takes room on the stack. @internal */
export function append<T>(list: T[], items: readonly T[]): void {
  for (const item of items) list.push(item);
}
