/** Runs work side by side, at most `width` of it at a time. @internal */
export class Lanes {
  private running = 0;
  private readonly runs: Promise<void>[] = [];
  private onFree: () => void = () => {};

  constructor(private readonly width: number) {}

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
      this.onFree();
    });
    // `all` rejects with it.
    run.catch(() => {});
    this.runs.push(run);
    return this.running < this.width
      ? undefined
      : new Promise((resolve) => (this.onFree = resolve));
  }

  /** Resolves when all of it has ended. @throws the first error */
  async all(): Promise<void> {
    await Promise.all(this.runs);
  }
}
