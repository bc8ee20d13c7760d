import type { TotalsView } from '../view/inspector.view.js';

/** Counts what became of effects since midnight, by the clock of the process. @internal */
export class Totals {
  private sent = 0;
  private failed = 0;
  private dropped: Record<string, number> = {};
  private endsAt = midnightAfter(Date.now());

  hasSent(): void {
    this.turnPage();
    this.sent++;
  }

  hasFailed(): void {
    this.turnPage();
    this.failed++;
  }

  hasDropped(reason: string): void {
    this.turnPage();
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
  }

  get view(): TotalsView {
    this.turnPage();
    return { sent: this.sent, failed: this.failed, dropped: { ...this.dropped } };
  }

  private turnPage(): void {
    const now = Date.now();
    if (now < this.endsAt) return;
    this.sent = this.failed = 0;
    this.dropped = {};
    this.endsAt = midnightAfter(now);
  }
}

function midnightAfter(now: number): number {
  return new Date(now).setHours(24, 0, 0, 0);
}
