import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AirlockError } from '../../errors/airlock.error.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { OutboxTableError } from '../../errors/outbox-table.error.js';
import { messageOf } from '../../errors/thrown.js';
import { isGivenUp } from '../given-up.js';
import { tableProblemIn } from './database-errors.js';
import { clientBehind } from '../client-lookup.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { rowsIn } from '../rows-in.js';
import { OutboxClock } from './outbox.clock.js';
import { withoutPayload } from '../without-payload.js';
import type { OutboxConnection } from './outbox.options.js';
import { OutboxSettings } from './outbox.settings.js';

/** Number of times that a statement is sent which the server gives up in favour of others. */
const TRIES = 8;

/**
 * Number of unanswered statements at which further ones are put off. Each holds a connection of the
 * application, and with the table locked they would take all that there are.
 */
const MANY_UNANSWERED = 3;

/**
 * Runs a function outside every asynchronous context: connections such as those of
 * `typeorm-transactional` look for the transaction of their caller, in which the outbox must not
 * write or repeat statements. Holds for contexts of `AsyncLocalStorage`; those of `cls-hooked`
 * cannot be left.
 */
const outsideAll = AsyncLocalStorage.snapshot();

/**
 * Connection of the application to the database of the outbox, with a time limit for all waiting.
 *
 * @internal
 */
@Injectable()
export class OutboxDatabase {
  private known: OutboxConnection | undefined;
  /** Unanswered statements whose time limit is over, with the times when they were sent. */
  private readonly unanswered = new Map<Promise<unknown>, number>();
  /** Time until which nothing is sent; 0 if nothing has to wait. */
  private restsUntil = 0;

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
  ) {}

  /**
   * Reads the clock of the server.
   *
   * @throws AirlockOptionsError for a connection that returns no rows with columns as keys, or
   *   whose `autocommit` is off
   */
  async readClock(): Promise<void> {
    await this.clock.compare(async () => {
      const [row] = await this.run(this.settings.sql.clock);
      const { millis, autocommit = 1 } = Object(row) as Record<string, unknown>;
      if (Number(autocommit) === 1 && Number(millis) > 0) return Number(millis);
      throw new AirlockOptionsError(
        'connection',
        '`connection` of AirlockOutboxModule cannot be used: ' +
          (Number(millis) > 0
            ? 'its `autocommit` is off, so that nothing of what the outbox does would be committed. Give it one of its own where it is on.'
            : 'its `query` does not resolve to rows that are objects with the columns for keys. Take options away that give them another form (`rowsAsArray`, `nestTables`, `plain`), or give it a pool of its own.'),
      );
    });
  }

  /**
   * @returns the rows of one statement, a transaction of its own
   * @throws OutboxTableError; EngineUnreachableError; what the database says, without what was sent
   */
  readonly run = async (sql: string, values: unknown[] = []): Promise<readonly object[]> => {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    for (let tries = 1; ; tries++) {
      try {
        return rowsIn(await this.sendInTurn(sql, values, deadline));
      } catch (error) {
        if (tries === TRIES || !isGivenUp(error)) throw error;
        if (!(await deadline.pause(Math.random() * 10 * tries))) throw error;
      }
    }
  };

  /** Runs one statement however long it takes. @throws OutboxTableError; what the database says */
  async ask(sql: string, values: unknown[] = []): Promise<readonly object[]> {
    try {
      return rowsIn(await this.send(sql, values));
    } catch (error) {
      throw this.told(error);
    }
  }

  /** Waits for a statement within the time limit, on any connection. */
  async bounded<T>(
    statement: () => PromiseLike<T>,
    deadline: Deadline = new Deadline(this.settings.dispatchTimeoutMs),
  ): Promise<T> {
    try {
      return await deadline.within(statement());
    } catch (error) {
      if (error instanceof TimedOut) throw this.unended();
      throw this.told(error);
    }
  }

  /** Sends a statement, or refuses at once for a while after too many have had no answer. */
  private async sendInTurn(sql: string, values: unknown[], deadline: Deadline): Promise<unknown> {
    const now = performance.now();
    if (now < this.restsUntil) throw this.unended();
    // After a rest, one statement alone tries whether the database answers.
    const isTrial = this.restsUntil > 0;
    if (isTrial) this.restsUntil = now + deadline.leftMs;
    const sent = this.send(sql, values);
    try {
      return await this.bounded(() => sent, deadline);
    } catch (error) {
      if (error instanceof EngineUnreachableError) this.leave(sent, now);
      throw error;
    } finally {
      // The statement for the clock does not use the table.
      if (isTrial && !this.unanswered.has(sent))
        this.restsUntil = sql === this.settings.sql.clock ? now : 0;
    }
  }

  /**
   * Puts further statements off for as long as the oldest one has waited by now. If only the
   * network has lost its answer, other connections work, and it ends after a quarter of an hour.
   */
  private leave(sent: Promise<unknown>, sentAt: number): void {
    this.unanswered.set(sent, sentAt);
    const [oldest = sentAt] = this.unanswered.values();
    if (this.unanswered.size >= MANY_UNANSWERED) this.restsUntil = 2 * performance.now() - oldest;
    const ended = (): void => {
      this.unanswered.delete(sent);
      this.restsUntil = 0;
    };
    sent.then(ended, ended);
  }

  /** Statements of some clients begin when they are awaited. */
  private send(sql: string, values: unknown[]): Promise<unknown> {
    return outsideAll(async () => await this.connection.query(sql, values));
  }

  private told(error: unknown): unknown {
    const told = withoutPayload(error);
    if (told instanceof AirlockError) return told;
    const found = tableProblemIn(told);
    if (found === undefined) return told;
    const { sql, options } = this.settings;
    const problem = messageOf(told).replace(/\.$/, '');
    return new OutboxTableError(sql.name, options.dialect, problem, { cause: told }, found);
  }

  private unended(): EngineUnreachableError {
    return this.unreachable('a statement on its table has not ended', undefined);
  }

  unreachable(consequence: string, cause: unknown): EngineUnreachableError {
    const options = cause === undefined || cause instanceof EngineUnreachableError ? {} : { cause };
    const { dispatchTimeoutMs } = this.settings;
    return new EngineUnreachableError(
      'The database of the outbox',
      dispatchTimeoutMs,
      'unknown',
      consequence,
      options,
    );
  }

  private get connection(): OutboxConnection {
    return (this.known ??= this.found());
  }

  private found(): OutboxConnection {
    const { connection } = this.settings.options;
    if (typeof connection === 'object') return connection as OutboxConnection;
    const found = clientBehind<Partial<OutboxConnection>>(
      connection,
      this.modules,
      'AirlockOutboxModule',
      'connection',
    );
    if (typeof found.query === 'function') return found as OutboxConnection;
    throw AirlockOptionsError.expected(
      'connection',
      'the token of an object with a method `query`',
      found,
      'Hand one over that asks this client, `{ query: (sql, values) => … }`: docs/integrations/outbox.md shows it for each.',
    );
  }
}
