import { warnOfStatement } from './ended-by-statement.js';

/**
 * Statements of one transaction. On PostgreSQL only a statement that fails aborts a transaction, so
 * that the server has to be asked only if one has failed.
 *
 * @internal
 */
export class WatchedStatements {
  private readonly unanswered = new Set<PromiseLike<unknown>>();
  private hasFailed = false;
  private hasEnded = false;

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

  /** Counts a statement as failed, as its end cannot be seen. */
  doubt(): void {
    this.hasFailed = true;
  }

  /** One has ended the transaction behind the client's back. */
  end(): void {
    this.hasEnded = true;
  }

  /**
   * Waits for statements that nobody awaited, and asks the server if one has failed.
   *
   * @param ask asks the server
   */
  async leaveItOpen(ask: () => Promise<boolean>): Promise<boolean> {
    while (this.unanswered.size > 0) await Promise.allSettled(this.unanswered);
    if (this.hasEnded) warnOfStatement();
    return !this.hasEnded && (!this.hasFailed || ask());
  }
}
