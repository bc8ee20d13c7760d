import { Inject, Injectable } from '@nestjs/common';
import { type RowFacts } from './outbox-row.js';
import { OutboxClock } from './outbox.clock.js';
import { NEVER, OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';
import { OutboxSweeper } from './sweeper.js';

/** Effect that could not be handed over, or has failed, and is still in the outbox. @publicApi */
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
  /** Time of the next try; undefined if it is only tried by hand. */
  readonly nextAt: Date | undefined;
}

/**
 * Result of `AirlockOutbox.retry`: `tried`, with or without success; `busy` if a process is at it
 * already; `absent` if it is gone.
 *
 * @publicApi
 */
export type RetryResult = 'tried' | 'busy' | 'absent';

/**
 * Result of `AirlockOutbox.discard`: `discarded`, so that it never runs; `busy` if a process is at
 * it already; `absent` if it is gone.
 *
 * @publicApi
 */
export type DiscardResult = 'discarded' | 'busy' | 'absent';

/**
 * Lists effects that are stuck in the outbox, and tries or discards them. Provided by
 * `AirlockOutboxModule`.
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

  /** Lists effects that have failed at least once, the oldest first, at most a thousand. */
  async stuck(): Promise<readonly StuckEffect[]> {
    return (await this.#table.failed(1_000)).map(stuckOf);
  }

  /**
   * Tries an effect again now, in this process, and waits for the end. Does nothing if a process,
   * this one or another, is at it.
   */
  async retry(id: string): Promise<RetryResult> {
    if (this.#rows.has(id)) return 'busy';
    return (await this.#sweeper.takeOverOne(id)) ? 'tried' : this.#whyNot(id);
  }

  /** Throws an effect away, so that it never runs. Does nothing if a process is at it. */
  async discard(id: string): Promise<DiscardResult> {
    if (this.#rows.has(id)) return 'busy';
    const until = this.#clock.now() + this.#settings.sweepAfterMs;
    const [row] = await this.#table.claim(1, until, id);
    if (row === undefined) return this.#whyNot(id);
    await this.#table.remove([id]);
    return 'discarded';
  }

  /** Hands over all that is due now, without waiting for the next interval. */
  async sweep(): Promise<void> {
    await this.#sweeper.sweep();
  }

  /** Tells why a row could not be claimed. */
  async #whyNot(id: string): Promise<'busy' | 'absent'> {
    return (await this.#table.has(id)) ? 'busy' : 'absent';
  }
}

function stuckOf({ id, effect, writtenAt, attempts, error = '', dueAt }: RowFacts): StuckEffect {
  const nextAt = dueAt === NEVER ? undefined : new Date(dueAt);
  return { id, effect, since: new Date(writtenAt), attempts, error, nextAt };
}
