import { Injectable } from '@nestjs/common';

/**
 * The clock of the database, which all processes go by: theirs differ, and one that is ahead would
 * take rows that others are working on for left behind.
 *
 * @internal
 */
@Injectable()
export class OutboxClock {
  /** Milliseconds by which the server's clock is ahead of this machine's. */
  private ahead = 0;

  /** Returns milliseconds since 1970. */
  now(): number {
    return Date.now() + this.ahead;
  }

  /**
   * Compares the clocks. The server read its own at some moment between question and answer: what
   * agrees with that is left as it is.
   */
  async compare(ask: () => Promise<number>): Promise<void> {
    const asked = Date.now();
    const millis = await ask();
    this.ahead = Math.min(Math.max(this.ahead, millis - Date.now()), millis - asked);
  }
}
