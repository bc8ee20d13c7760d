import { Inject, Injectable, Logger } from '@nestjs/common';
import { clearTimeout, setTimeout } from '../../core/model/timers.js';
import { messageOf } from '../../errors/thrown.js';
import { SafeLogger } from '../../nest/log/safe-logger.js';
import { EngineBehind } from './engine-behind.js';
import { OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';

/** Largest number of rows that are claimed at once. */
const PART = 100;

/**
 * Hands over what others have left in the table, at the start and at an interval; any number of processes may do so side by side.
 *
 * @internal
 */
@Injectable()
export class OutboxSweeper {
  private readonly logger = new SafeLogger(new Logger('AirlockOutbox'));
  private readonly timers = new Map<() => Promise<void>, NodeJS.Timeout>();
  private sweeping: Promise<void> | undefined;
  private isStopped = false;
  private lastTrouble = '';

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxTable) private readonly table: OutboxTable,
    @Inject(RowsInFlight) private readonly rows: RowsInFlight,
    @Inject(EngineBehind) private readonly behind: EngineBehind,
  ) {}

  start(): void {
    const { sweepIntervalMs, sweepAfterMs } = this.settings;
    this.every(sweepAfterMs / 3, () => this.rows.renew());
    if (sweepIntervalMs === false) return this.every(sweepAfterMs, () => this.rows.removed());
    const look = async (): Promise<void> => {
      await this.rows.removed();
      await this.sweep();
    };
    this.every(sweepIntervalMs, look);
    void this.tried(look);
  }

  /** Takes over no more; resolves when what was taken over has been settled. Does not reject. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await this.sweeping?.catch(() => {});
    await this.rows.close();
  }

  /** Takes over all that is due. One sweep at a time: those who ask meanwhile share the next one. */
  async sweep(): Promise<void> {
    await this.sweeping?.catch(() => {});
    await (this.sweeping ??= this.takeOver().finally(() => (this.sweeping = undefined)));
  }

  private async takeOver(): Promise<void> {
    const { engine } = this.behind;
    for (let goesOn = true; goesOn && !this.isStopped;) {
      const until = Date.now() + this.settings.sweepAfterMs;
      const claimed = await this.table.claim(PART, until);
      // Of what this process is at, the claim has only run out.
      const left = claimed.filter(({ id }) => !this.rows.has(id));
      for (const { id, attempts } of left) this.rows.hold(id, until, attempts);
      goesOn = (left.length === 0 || (await engine.takeOver(left))) && claimed.length === PART;
    }
  }

  private every(ms: number, work: () => Promise<void>): void {
    const next = (): void => {
      if (!this.isStopped) this.timers.set(work, setTimeout(() => void turn(), ms).unref());
    };
    const turn = async (): Promise<void> => {
      await this.tried(work);
      next();
    };
    next();
  }

  /** Warns once for one trouble, not at each interval. */
  private async tried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.lastTrouble = '';
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.lastTrouble)
        this.logger.warn(`The outbox could not be looked at, and is so again: ${trouble}`);
      this.lastTrouble = trouble;
    }
  }
}
