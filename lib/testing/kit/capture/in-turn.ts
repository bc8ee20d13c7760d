const lines = new WeakMap<object, Promise<void>>();

/**
 * Runs work on one object one after another, first come, first served, also after work that has
 * failed.
 * @internal
 */
export function inTurn<R>(of: object, work: () => Promise<R>): Promise<R> {
  const mine = lines.get(of)?.then(work) ?? work();
  const ended = (): void => {};
  lines.set(of, mine.then(ended, ended));
  return mine;
}
