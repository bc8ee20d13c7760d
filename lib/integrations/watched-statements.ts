import { endBy, warnOfStatement } from '../core/frame/ended-by-statement.js';

/**
 * Statements of one transaction. On PostgreSQL only a statement that fails aborts a transaction, so
 * that the server has to be asked only if one has failed.
 *
 * @internal
 */
export class WatchedStatements {
  private unanswered = 0;
  /** True once one has failed, or may have. */
  hasFailed = false;
  private hasEnded = false;
  /** Resolves when the last of them is answered; made where somebody waits for that. */
  private allAnswered: Promise<void> | undefined;
  private resolveAll: (() => void) | undefined;

  /** @param answer rejects where the statement fails */
  watch(answer: PromiseLike<unknown>): void {
    this.unanswered++;
    answer.then(this.answered, this.failed);
  }

  /** Counts a statement as failed, since its end cannot be seen. */
  doubt(): void {
    this.hasFailed = true;
  }

  /** Notes if a statement ends the transaction without the client's knowledge. */
  read(sql: unknown): void {
    if (endBy(sql) !== undefined) this.hasEnded = true;
  }

  /**
   * Waits for statements that nobody awaited, and asks the server if one has failed.
   *
   * @param ask asks the server
   */
  leaveItOpen(ask: () => Promise<boolean>): boolean | Promise<boolean> {
    return this.thenAsk(() => !this.hasFailed || ask());
  }

  /**
   * Waits for statements that nobody awaited, and asks the server.
   *
   * @param ask asks the server
   */
  thenAsk(ask: () => boolean | Promise<boolean>): boolean | Promise<boolean> {
    if (this.unanswered > 0) {
      this.allAnswered ??= new Promise((resolve) => (this.resolveAll = resolve));
      return this.allAnswered.then(() => this.thenAsk(ask));
    }
    if (this.hasEnded) warnOfStatement();
    return !this.hasEnded && ask();
  }

  // Made once for all statements of a transaction.
  private readonly answered = (): void => {
    if (--this.unanswered > 0) return;
    this.resolveAll?.();
    this.allAnswered = undefined;
  };

  private readonly failed = (): void => {
    this.hasFailed = true;
    this.answered();
  };
}
