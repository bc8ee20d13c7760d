import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CheckedRemoval } from './checked-removal.js';
import { isLeftToOthers } from './known-effects.js';
import type { OutboxRow } from './outbox-row.js';
import { OutboxClock } from './outbox.clock.js';
import { OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';

/** Largest number of rows that one statement removes. */
const LARGEST = 1_000;

/**
 * Milliseconds for which a removal waits for further rows. Each removal is a transaction whose
 * COMMIT goes to the disk, and COMMITs of requests wait behind it.
 */
const GATHERING_MS = 20;

/** Facts about a row that this process is working on. */
interface Held {
  /** End of the claim. From then on any process may claim the row. */
  until: number;
  readonly attempts: number;
  /** True if it has failed where its effect was known. */
  readonly wasRun: boolean;
  /** True if it was found in the table. */
  readonly isFound: boolean;
  /** Time at which its claim is renewed for the last time; undefined before its run has begun. */
  lastRenewal?: number;
}

/**
 * Rows that this process has written or claimed and not settled, and rows that are done and have to
 * be removed. Nobody waits for a removal: rows that are done within some milliseconds, or while one
 * statement is on its way, are removed together.
 *
 * @internal
 */
@Injectable()
export class RowsInFlight {
  private readonly held = new Map<string, Held>();
  private readonly done = new Set<string>();
  /** Rows that are not to be handed over, if they are there at all. */
  private readonly takenBack = new Set<string>();
  private removing: Promise<void> | undefined;
  private isClosing = false;

  constructor(
    @Inject(OutboxTable) private readonly table: OutboxTable,
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
    @Inject(CheckedRemoval) private readonly removal: CheckedRemoval,
  ) {}

  /** @param found the row as it was found in the table @default none: it was just written */
  hold(id: string, until: number, found?: OutboxRow): void {
    const wasRun = found !== undefined && found.attempts > 0 && !isLeftToOthers(found);
    this.held.set(id, {
      until,
      attempts: found?.attempts ?? 0,
      wasRun,
      isFound: found !== undefined,
    });
  }

  /** Notes that a row of this process has been claimed anew. */
  prolong(id: string, until: number): void {
    const row = this.held.get(id);
    if (row !== undefined) row.until = until;
  }

  /**
   * Drops a row whose claim has run out: another process may be at it.
   *
   * @returns true if it was dropped; false for a row that is claimed, or was not held
   */
  letGoIfLost(id: string): boolean {
    const row = this.held.get(id);
    return row !== undefined && row.until <= this.clock.now() && this.held.delete(id);
  }

  /**
   * Renews the claim of a row whose run begins, for a time. After that other processes may claim
   * it.
   */
  renewFor(id: string, ms: number): void {
    const row = this.held.get(id);
    if (row !== undefined) row.lastRenewal = this.clock.now() + ms;
  }

  /** Returns how often a held row has failed; undefined for one that is not held. */
  attemptsOf(id: string): number | undefined {
    return this.held.get(id)?.attempts;
  }

  /** True if a held row has failed before in an application that has its effect. */
  wasRun(id: string): boolean {
    return this.held.get(id)?.wasRun === true;
  }

  /** True if this process is working on a row, or done with it. */
  has(id: string): boolean {
    return this.held.has(id) || this.done.has(id) || this.takenBack.has(id);
  }

  /** True while this process is working on a row. */
  get holdsAny(): boolean {
    return this.held.size > 0;
  }

  letGo(ids: Iterable<string>): void {
    for (const id of ids) this.held.delete(id);
  }

  /** Lets rows go whose transaction was rolled back, and removes those that are there nevertheless. */
  takeBack(ids: Iterable<string>): void {
    for (const id of ids) {
      this.held.delete(id);
      this.takenBack.add(id);
    }
    this.removed().catch(() => {});
  }

  /**
   * Marks rows that the engine has taken, or whose effects have run. Waits for nothing, unless the
   * application is about to end. Does not reject.
   */
  async finish(ids: Iterable<string>): Promise<void> {
    for (const id of ids) {
      // It may have been left because it cannot be removed.
      if (this.held.get(id)?.isFound === true) this.removal.check();
      this.held.delete(id);
      this.done.add(id);
    }
    const removed = this.removed().catch(() => {});
    if (this.isClosing) await removed;
  }

  /**
   * Makes `finish` wait for the removal from now on.
   *
   * @returns a Promise that resolves when all rows that are done have been removed; does not reject
   */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.removed().catch(() => {});
  }

  /**
   * Resolves when all rows that are done have been removed.
   *
   * @throws the error of the database; the next sweep tries again
   */
  async removed(): Promise<void> {
    if (this.hasAnyToRemove) await (this.removing ??= this.remove());
  }

  private get hasAnyToRemove(): boolean {
    return this.done.size > 0 || this.takenBack.size > 0;
  }

  /**
   * Renews claims of rows that take long, so that they do not count as left behind. Drops rows
   * whose claim has run out.
   */
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
      while (this.hasAnyToRemove) {
        await this.removeAll(this.takenBack, (ids) => this.table.remove(ids));
        await this.removeAll(this.done, (ids) => this.removal.remove(ids));
      }
    } finally {
      this.removing = undefined;
    }
  }

  private async removeAll(
    rows: Set<string>,
    remove: (ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    while (rows.size > 0) {
      const ids = [...rows].slice(0, LARGEST);
      await remove(ids);
      for (const id of ids) rows.delete(id);
    }
  }
}
