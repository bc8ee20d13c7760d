const lines = new WeakMap<object, Promise<void>>();

/**
 * Runs what concerns one object one after another, first come, first served; whatever becomes of
 * the one before.
 * @internal
 */
export function inTurn<R>(of: object, work: () => Promise<R>): Promise<R> {
  const mine = lines.get(of)?.then(work) ?? work();
  const ended = (): void => {};
  lines.set(of, mine.then(ended, ended));
  return mine;
}
