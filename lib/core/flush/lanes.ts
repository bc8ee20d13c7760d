/** Work that is done side by side, at most so many at a time. @internal */
export class Lanes {
  private running = 0;
  private readonly runs: Promise<void>[] = [];
  private onFree: () => void = () => {};

  constructor(private readonly width: number) {}

  /**
   * Takes up work that has begun, if it has not ended already.
   *
   * @param ended told of its end
   * @returns when there is room for more; undefined where there is some
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
    // Seen in `all`, with the others.
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
