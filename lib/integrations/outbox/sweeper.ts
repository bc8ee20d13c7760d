import { Inject, Injectable, Logger } from '@nestjs/common';
import { detached } from '../../core/outside/detached.js';
import { clearTimeout, setTimeout } from '../../core/model/timers.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { messageOf } from '../../errors/thrown.js';
import { SafeLogger } from '../../nest/log/safe-logger.js';
import { CheckedRemoval } from './checked-removal.js';
import { EngineBehind } from './engine-behind.js';
import { OutboxClock } from './outbox.clock.js';
import { OutboxDatabase } from './outbox.database.js';
import { OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';

/** Largest number of rows that are claimed at once. */
const PART = 100;

/**
 * Hands over rows that others have left in the table, at the start and at an interval. Any number
 * of processes may sweep side by side.
 *
 * @internal
 */
@Injectable()
export class OutboxSweeper {
  private readonly logger = new SafeLogger(new Logger('AirlockOutbox'));
  private readonly timers = new Map<() => boolean, NodeJS.Timeout>();
  private sweeping: Promise<void> | undefined;
  /** Rows that are taken over by hand at the moment. */
  private readonly byHand = new Set<Promise<unknown>>();
  private isStopped = false;
  /** Message of the last error of each task. */
  private readonly troubles = new Map<() => Promise<void>, string>();

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxTable) private readonly table: OutboxTable,
    @Inject(RowsInFlight) private readonly rows: RowsInFlight,
    @Inject(EngineBehind) private readonly behind: EngineBehind,
    @Inject(OutboxDatabase) private readonly database: OutboxDatabase,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
    @Inject(CheckedRemoval) private readonly removal: CheckedRemoval,
  ) {}

  start(): void {
    const { sweepIntervalMs, sweepAfterMs } = this.settings;
    // Claims are renewed during a shutdown too, for effects that still run.
    this.every(
      sweepAfterMs / 3,
      () => this.rows.renew(),
      () => !this.isStopped || this.rows.holdsAny,
    );
    const look = async (): Promise<void> => {
      await this.database.readClock();
      await this.rows.removed();
      this.removal.check();
      if (sweepIntervalMs !== false) await this.sweep();
    };
    this.every(sweepIntervalMs === false ? sweepAfterMs : sweepIntervalMs, look);
    void this.tried(look);
  }

  /**
   * Stops sweeping. Resolves when all rows that were taken over have been settled. Does not reject.
   */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const [goesOn, timer] of this.timers) if (!goesOn()) clearTimeout(timer);
    await Promise.allSettled([this.sweeping, ...this.byHand]);
    await this.rows.close();
  }

  /**
   * Takes over all that is due, outside the caller's scope and transaction. One sweep runs at a
   * time: calls during a sweep share the next one.
   */
  async sweep(): Promise<void> {
    await this.sweeping?.catch(() => {});
    await (this.sweeping ??= detached(() => this.takeOver()).finally(
      () => (this.sweeping = undefined),
    ));
  }

  /**
   * Takes over one row, due or not, outside the caller's scope and transaction.
   *
   * @returns false if it is gone, or a process is at it
   */
  async takeOverOne(id: string): Promise<boolean> {
    if (this.isStopped) throw new ShuttingDownError(`retry of effect ${id}`);
    const work = detached(() => this.takeOverPart(1, id));
    this.byHand.add(work);
    try {
      return (await work).taken > 0;
    } finally {
      this.byHand.delete(work);
    }
  }

  private async takeOver(): Promise<void> {
    for (let goesOn = true; goesOn && !this.isStopped;) {
      const { claimed, isOver } = await this.takeOverPart(PART);
      goesOn = claimed === PART && !isOver;
    }
  }

  /** @returns `isOver` true if it is of no use to claim more */
  private async takeOverPart(
    limit: number,
    id?: string,
  ): Promise<{ readonly claimed: number; readonly taken: number; readonly isOver: boolean }> {
    const until = this.clock.now() + this.settings.sweepAfterMs;
    const rows = await this.table.claim(limit, until, id);
    // Rows of this process whose claim ran out are claimed anew, and not run twice.
    for (const { id } of rows) this.rows.prolong(id, until);
    const left = rows.filter((row) => !this.rows.has(row.id));
    for (const row of left) this.rows.hold(row.id, until, row);
    const goesOn =
      left.length === 0 || (await this.behind.engine.takeOver(left, () => this.isStopped));
    return { claimed: rows.length, taken: left.length, isOver: !goesOn };
  }

  private every(ms: number, work: () => Promise<void>, goesOn = () => !this.isStopped): void {
    const next = (): void => {
      if (goesOn()) this.timers.set(goesOn, setTimeout(() => void turn(), ms).unref());
    };
    const turn = async (): Promise<void> => {
      await this.tried(work);
      next();
    };
    next();
  }

  /** Runs a task, and warns of one error once, not at each interval. */
  private async tried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.troubles.delete(work);
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.troubles.get(work))
        this.logger.warn(`The outbox could not be looked at, and is so again: ${trouble}`);
      this.troubles.set(work, trouble);
    }
  }
}
