import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { OutboxClock } from './outbox.clock.js';
import { OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';

/** Largest number of rows that one statement removes. */
const LARGEST = 1_000;

/**
 * Milliseconds for which a removal waits for more. Each is a transaction whose COMMIT goes to the
 * disk, where those of requests wait behind it.
 */
const GATHERING_MS = 20;

/** Facts about a row that this process is working on. */
interface Held {
  /** Time until which the row is nobody else's. From then on any process may claim it. */
  until: number;
  readonly attempts: number;
  /** Time from which its claim is not renewed any more; none before its run has begun. */
  lastRenewal?: number;
}

/**
 * The rows that this process has written or claimed and not settled, and those that are done and
 * still to be removed. Removing does not hold anybody up: what is done within some milliseconds, or
 * while one statement is on its way, goes with the next.
 *
 * @internal
 */
@Injectable()
export class RowsInFlight {
  private readonly held = new Map<string, Held>();
  private readonly done = new Set<string>();
  private removing: Promise<void> | undefined;
  private isClosing = false;

  constructor(
    @Inject(OutboxTable) private readonly table: OutboxTable,
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
  ) {}

  hold(id: string, until: number, attempts = 0): void {
    this.held.set(id, { until, attempts });
  }

  /** Notes that a row of this process has been claimed anew. */
  prolong(id: string, until: number): void {
    const row = this.held.get(id);
    if (row !== undefined) row.until = until;
  }

  /**
   * Lets a row go whose claim has run out: another process may be at it.
   *
   * @returns true if it was let go; false for a row that is claimed, or was not held
   */
  letGoIfLost(id: string): boolean {
    const row = this.held.get(id);
    return row !== undefined && row.until <= this.clock.now() && this.held.delete(id);
  }

  /** Has a row whose run begins renewed for that long, and then left to other processes. */
  renewFor(id: string, ms: number): void {
    const row = this.held.get(id);
    if (row !== undefined) row.lastRenewal = this.clock.now() + ms;
  }

  /** Returns how often a held row has failed; undefined for one that is not held. */
  attemptsOf(id: string): number | undefined {
    return this.held.get(id)?.attempts;
  }

  /** Returns whether this process is working on a row, or done with it. */
  has(id: string): boolean {
    return this.held.has(id) || this.done.has(id);
  }

  /** True while this process is working on a row. */
  get holdsAny(): boolean {
    return this.held.size > 0;
  }

  letGo(ids: Iterable<string>): void {
    for (const id of ids) this.held.delete(id);
  }

  /**
   * Marks rows that the engine has taken, or whose effects have run. Waits for nothing, unless the
   * application is about to end. Does not reject.
   */
  async finish(ids: Iterable<string>): Promise<void> {
    for (const id of ids) {
      this.held.delete(id);
      this.done.add(id);
    }
    const removed = this.removed().catch(() => {});
    if (this.isClosing) await removed;
  }

  /**
   * Makes whoever finishes something from here on wait for its removal. @returns when what is done
   * has been removed; does not reject
   */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.removed().catch(() => {});
  }

  /**
   * Resolves when what is done has been removed. @throws what the database says: then it is tried
   * again with the next sweep
   */
  async removed(): Promise<void> {
    if (this.done.size > 0) await (this.removing ??= this.remove());
  }

  /** Keeps what takes its time from being taken for left behind. A claim that has run out is lost. */
  async renew(): Promise<void> {
    const { sweepAfterMs } = this.settings;
    const now = this.clock.now();
    const late = [...this.held].filter(
      ([, { until, lastRenewal = Infinity }]) =>
        until > now && until < now + (2 * sweepAfterMs) / 3 && lastRenewal > now,
    );
    if (late.length === 0) return;
    const until = now + sweepAfterMs;
    const kept = await this.table.renew(
      late.map(([id]) => id),
      until,
    );
    for (const id of kept) this.prolong(id, until);
  }

  private async remove(): Promise<void> {
    try {
      if (!this.isClosing) await sleep(GATHERING_MS);
      while (this.done.size > 0) {
        const ids = [...this.done].slice(0, LARGEST);
        await this.table.remove(ids);
        for (const id of ids) this.done.delete(id);
      }
    } finally {
      this.removing = undefined;
    }
  }
}
