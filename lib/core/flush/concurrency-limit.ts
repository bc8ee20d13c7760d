/** Lets at most so many pieces of work run at the same time. @internal */
export class ConcurrencyLimit {
  private running = 0;
  private readonly runs: Promise<void>[] = [];
  private hasRoom: () => void = () => {};

  constructor(private readonly limit: number) {}

  /**
   * Adds work that has begun, and may have ended already.
   *
   * @param ended called at its end
   * @returns resolves when there is room for more; undefined if there is room now
   */
  add(work: PromiseLike<void> | void, ended: () => void): Promise<void> | undefined {
    if (work === undefined) {
      ended();
      return undefined;
    }
    this.running++;
    const run = Promise.resolve(work).finally(() => {
      this.running--;
      ended();
      this.hasRoom();
    });
    // `all` rejects with it.
    run.catch(() => {});
    this.runs.push(run);
    return this.running < this.limit
      ? undefined
      : new Promise((resolve) => (this.hasRoom = resolve));
  }

  /** Resolves when all of it has ended. @throws the first error */
  async all(): Promise<void> {
    await Promise.all(this.runs);
  }
}
