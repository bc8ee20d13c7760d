import { Inject, Injectable } from '@nestjs/common';
import { type RowFacts } from './outbox-row.js';
import { OutboxClock } from './outbox.clock.js';
import { NEVER, OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';
import { OutboxSweeper } from './sweeper.js';

/**
 * An effect that could not be handed over, or has failed, and is still in the outbox. @publicApi
 */
export interface StuckEffect {
  /** Id of its intent, for `retry` and `discard`. */
  readonly id: string;
  /** The name of the effect. */
  readonly effect: string;
  /** Time of its write. */
  readonly since: Date;
  /** Number of its failures. */
  readonly attempts: number;
  /** Message of its last error. */
  readonly error: string;
  /** Time of the next try; undefined where it is not, unless by hand. */
  readonly nextAt: Date | undefined;
}

/**
 * Result of `AirlockOutbox.retry`: the effect was tried, whatever came of it; a process is at it
 * already, and goes on; it is not there any more.
 *
 * @publicApi
 */
export type RetryResult = 'tried' | 'busy' | 'absent';

/**
 * Result of `AirlockOutbox.discard`: the effect never runs; a process is at it already, and goes on;
 * it is not there any more.
 *
 * @publicApi
 */
export type DiscardResult = 'discarded' | 'busy' | 'absent';

/**
 * Effects in the outbox that do not get out. A provider of `AirlockOutboxModule`.
 *
 * @example
 * ```ts
 * for (const { id, effect, error } of await outbox.stuck()) {
 *   logger.warn(`${effect} (${id}): ${error}`);
 * }
 * ```
 *
 * @publicApi
 */
@Injectable()
export class AirlockOutbox {
  readonly #table: OutboxTable;
  readonly #rows: RowsInFlight;
  readonly #sweeper: OutboxSweeper;
  readonly #settings: OutboxSettings;
  readonly #clock: OutboxClock;

  /** @internal Built by Nest. */
  constructor(
    @Inject(OutboxTable) table: OutboxTable,
    @Inject(RowsInFlight) rows: RowsInFlight,
    @Inject(OutboxSweeper) sweeper: OutboxSweeper,
    @Inject(OutboxSettings) settings: OutboxSettings,
    @Inject(OutboxClock) clock: OutboxClock,
  ) {
    this.#table = table;
    this.#rows = rows;
    this.#sweeper = sweeper;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Effects that have failed at least once, the oldest first, at most a thousand. */
  async stuck(): Promise<readonly StuckEffect[]> {
    return (await this.#table.failed(1_000)).map(stuckOf);
  }

  /**
   * Tries an effect again now, in this process, and waits for that. One that a process is at, this
   * one or another, is left to it.
   */
  async retry(id: string): Promise<RetryResult> {
    if (this.#rows.has(id)) return 'busy';
    return (await this.#sweeper.takeOverOne(id)) ? 'tried' : this.#whyNot(id);
  }

  /** Throws an effect away that is never to run. One that a process is at is left to it. */
  async discard(id: string): Promise<DiscardResult> {
    if (this.#rows.has(id)) return 'busy';
    const until = this.#clock.now() + this.#settings.sweepAfterMs;
    const [row] = await this.#table.claim(1, until, id);
    if (row === undefined) return this.#whyNot(id);
    await this.#table.remove([id]);
    return 'discarded';
  }

  /** Hands over now what is due, without waiting for the next interval. */
  async sweep(): Promise<void> {
    await this.#sweeper.sweep();
  }

  /** Says why a row could not be claimed. */
  async #whyNot(id: string): Promise<'busy' | 'absent'> {
    return (await this.#table.has(id)) ? 'busy' : 'absent';
  }
}

function stuckOf({ id, effect, writtenAt, attempts, error = '', dueAt }: RowFacts): StuckEffect {
  const nextAt = dueAt === NEVER ? undefined : new Date(dueAt);
  return { id, effect, since: new Date(writtenAt), attempts, error, nextAt };
}
