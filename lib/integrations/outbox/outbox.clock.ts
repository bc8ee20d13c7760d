import { Injectable } from '@nestjs/common';

/**
 * Clock of the database, which all processes use. Their own clocks differ, and a process whose
 * clock is ahead would claim rows that others are working on.
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
   * Compares the clocks. The server has read its own between question and answer: a difference that
   * agrees with that is kept.
   */
  async compare(ask: () => Promise<number>): Promise<void> {
    const asked = Date.now();
    const millis = await ask();
    this.ahead = Math.min(Math.max(this.ahead, millis - Date.now()), millis - asked);
  }
}
