/**
 * The statements of one transaction. On PostgreSQL nothing but one that failed aborts it, so the
 * server need be asked only where one did.
 *
 * @internal
 */
export class WatchedStatements {
  private readonly unanswered = new Set<PromiseLike<unknown>>();
  private hasFailed = false;

  /** @param answer rejects where the statement fails */
  watch(answer: PromiseLike<unknown>): void {
    this.unanswered.add(answer);
    answer.then(
      () => this.unanswered.delete(answer),
      () => {
        this.unanswered.delete(answer);
        this.hasFailed = true;
      },
    );
  }

  /** Counts a statement as failed whose end is not seen. */
  doubt(): void {
    this.hasFailed = true;
  }

  /**
   * Waits for those that nobody waited for.
   *
   * @param ask asks the server
   */
  async leaveItOpen(ask: () => Promise<boolean>): Promise<boolean> {
    while (this.unanswered.size > 0) await Promise.allSettled(this.unanswered);
    return !this.hasFailed || ask();
  }
}
