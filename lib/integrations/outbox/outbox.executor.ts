import { Inject, Injectable } from '@nestjs/common';
import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall, Executor } from '../../core/model/executor.js';
import { frames } from '../../core/frame/transaction-frame.js';
import type { Intent } from '../../core/model/intent.js';
import { ProvidedBy } from '../../nest/container/provided-by.js';
import { connectionFor } from '../frame-connection.js';
import { EngineBehind } from './engine-behind.js';
import { writtenOf } from './outbox-row.js';
import { OutboxClock } from './outbox.clock.js';
import { OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';

/**
 * Writes effects into a table through the transaction that they are called in, just before its
 * COMMIT, and hands them to the executor behind it when that has committed. What a crash leaves in
 * the table is handed over by whichever process of the application finds it. A provider of
 * `AirlockOutboxModule`, to be named in `AirlockModule.forRoot({ executor: OutboxExecutor })`.
 *
 * @publicApi
 */
@ProvidedBy('AirlockOutboxModule.forRoot(…)', 'nestjs-airlock/outbox')
@Injectable()
export class OutboxExecutor implements Executor {
  /** True, since another process may find a row. */
  readonly remote = true;
  readonly transactional = true;
  /** Its own `dispatchTimeoutMs` bounds how long a write waits. */
  readonly timeoutMs = false;
  readonly #settings: OutboxSettings;
  readonly #table: OutboxTable;
  readonly #rows: RowsInFlight;
  readonly #behind: EngineBehind;
  readonly #clock: OutboxClock;

  /** @internal Built by Nest. */
  constructor(
    @Inject(OutboxSettings) settings: OutboxSettings,
    @Inject(OutboxTable) table: OutboxTable,
    @Inject(RowsInFlight) rows: RowsInFlight,
    @Inject(EngineBehind) behind: EngineBehind,
    @Inject(OutboxClock) clock: OutboxClock,
  ) {
    this.#settings = settings;
    this.#table = table;
    this.#rows = rows;
    this.#behind = behind;
    this.#clock = clock;
  }

  /** @internal */
  get successor(): Executor {
    return this.#behind.engine;
  }

  /** @internal */
  hasWritten({ id }: Intent): boolean {
    return this.#rows.has(id);
  }

  /** @internal */
  jobIdOf(intent: Intent): string | undefined {
    return this.#behind.engine.jobIdOf?.(intent);
  }

  accepts(call: EffectCall): boolean {
    return this.#behind.engine.accepts(call);
  }

  /**
   * @throws EffectSerializationError; AirlockOptionsError for `dispatchOptions` that the executor
   *   behind it does not take
   */
  keepArguments(call: EffectCall): unknown[] {
    return this.#behind.engine.keepArguments(call);
  }

  async execute(intent: Intent, context: DispatchContext): Promise<void> {
    await this.executeBatch([intent], context);
  }

  /**
   * Writes effects in one statement. Outside transactions it writes nothing, unless
   * `outsideTransaction` says so.
   *
   * @throws AirlockOptionsError for a transaction that has no connection to write through, or is
   * one of another database; OutboxTableError; EngineUnreachableError
   */
  async executeBatch(
    intents: readonly Intent[],
    context: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const { sql, writesAlways, sweepAfterMs } = this.#settings;
    const connection = connectionFor(context, 'the outbox', sql.dialect);
    if (connection !== undefined || writesAlways) {
      const { envelopes } = this.#behind.engine;
      const dueAt = this.#clock.now() + sweepAfterMs;
      await this.#table.insert(
        intents.map((intent) => writtenOf(intent, envelopes)),
        dueAt,
        connection,
      );
      this.#hold(intents, dueAt);
    }
    return intents.map((intent) => ({ intent }));
  }

  /**
   * Holds the rows for this process while it lives, unless their transaction rolls back. A COMMIT
   * that failed may have been one whose answer is lost, so that rows of it may be there to be handed
   * over. Not on SQLite, which is no server: what is there was written after a statement had rolled
   * the transaction back by itself.
   */
  #hold(intents: readonly Intent[], dueAt: number): void {
    const ids = intents.map(({ id }) => id);
    const isCertain = this.#settings.sql.dialect === 'sqlite';
    for (const id of ids) this.#rows.hold(id, dueAt);
    const rolledBack = (): void => this.#rows[isCertain ? 'takeBack' : 'letGo'](ids);
    frames.getStore()?.join({ beforeCommit() {}, committed() {}, rolledBack });
  }
}
