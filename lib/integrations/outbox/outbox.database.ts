import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AirlockError } from '../../errors/airlock.error.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { OutboxTableError } from '../../errors/outbox-table.error.js';
import { messageOf } from '../../errors/thrown.js';
import { clientBehind } from '../client-lookup.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { rowsIn } from '../rows-in.js';
import { OutboxClock } from './outbox.clock.js';
import { withoutPayload } from '../without-payload.js';
import type { OutboxConnection } from './outbox.options.js';
import { OutboxSettings } from './outbox.settings.js';

const PAUSE_MS = 200;

/** Number of times that a statement is sent which the server gives up for the sake of others. */
const TRIES = 8;

/**
 * Matches what PostgreSQL, MySQL and SQLite say when a table, a schema or a column is not there,
 * whichever client passes it on.
 */
const MISSING =
  /\b(42P01|42703|3F000|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|ER_BAD_DB_ERROR)\b|does not exist|doesn't exist|no such (table|column)|unknown column|has no column/i;

/** Matches the same for what the user of the connection may not do, or nobody may. */
const REFUSED =
  /\b(42501|25006|ER_(TABLEACCESS|DBACCESS|COLUMNACCESS)_DENIED_ERROR|ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|ER_OPTION_PREVENTS_STATEMENT|SQLITE_READONLY\w*)\b|permission denied|must be owner|command denied|access denied for user [^(]*to database|read[- ]?only (transaction|database|option)|--read-only/i;

/** Matches what PostgreSQL says of a table in another database. */
const ELSEWHERE = /cross-database references/i;

const PROBLEMS = [
  [ELSEWHERE, 'elsewhere'],
  [REFUSED, 'refused'],
  [MISSING, 'missing'],
] as const;

/**
 * Matches what they say of a statement that has done nothing, and may succeed the next time:
 * serialization failures, deadlocks, locks that were waited for in vain.
 */
const GIVEN_UP =
  /\b(40001|40P01|55P03|ER_LOCK_DEADLOCK|ER_LOCK_WAIT_TIMEOUT|ER_CHECKREAD|SQLITE_BUSY\w*|SQLITE_LOCKED\w*|P2034)\b|could not serialize|deadlock|lock wait timeout|database (table )?is locked/i;

/**
 * Number of statements that were given up on, and still have a connection of the application's, from
 * which on further ones are put off: with the table locked they would come to be all that it has.
 */
const MANY_UNANSWERED = 3;

/**
 * Runs something where nothing was going on: connections such as those of `typeorm-transactional`
 * look for the transaction of their caller, which is not the outbox's to write to, nor to try again.
 * Holds for those that look by `AsyncLocalStorage`; `cls-hooked` cannot be left.
 */
const outsideAll = AsyncLocalStorage.snapshot();

/**
 * The application's own connection to the database of the outbox, with an end to all waiting.
 *
 * @internal
 */
@Injectable()
export class OutboxDatabase {
  private known: OutboxConnection | undefined;
  /** Statements that were given up on and have not ended, with the times when they were sent. */
  private readonly unanswered = new Map<Promise<unknown>, number>();
  /** Time until which nothing is sent; 0 where nothing had to wait since an answer came. */
  private restsUntil = 0;

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
  ) {}

  /**
   * Creates the table where that is wanted, and sees that it can be used.
   *
   * @throws AirlockOptionsError for a connection that is none; OutboxTableError;
   *   EngineUnreachableError where the database is down
   */
  async open(): Promise<void> {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    for (;;) {
      try {
        await this.readClock();
        await this.assertUnchanged('"');
        await this.prepare();
        return;
      } catch (error) {
        if (error instanceof AirlockError && !(error instanceof EngineUnreachableError))
          throw error;
        if (!(error instanceof EngineUnreachableError) && (await deadline.pause(PAUSE_MS)))
          continue;
        const said = error instanceof EngineUnreachableError ? '' : ` (${messageOf(error)})`;
        throw this.unreachable(`the application cannot start${said}`, error);
      }
    }
  }

  /** @throws AirlockOptionsError for a connection whose rows or transactions are not as they should be */
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

  /** @throws AirlockOptionsError for a connection that changes text on its way to the database */
  private async assertUnchanged(text: string): Promise<void> {
    const { echo } = this.settings.sql;
    if (echo === undefined) return;
    const [row] = await this.run(echo, [text]);
    if (String((row as { readonly echoed: unknown }).echoed) === text) return;
    throw new AirlockOptionsError(
      'connection',
      '`connection` of AirlockOutboxModule cannot be used: its driver escapes quotes with backslashes, and its `sql_mode` has `NO_BACKSLASH_ESCAPES`, ' +
        'so that what is read would not be what was written. Take that out of `sql_mode`, or use the `mariadb` driver.',
    );
  }

  /** Sees that all that will be done to the table can be, by whomever it was created. */
  private async prepare(): Promise<void> {
    const { settings } = this;
    let refusal: unknown;
    if (settings.createsTable) {
      try {
        for (const statement of settings.sql.create) await this.run(statement);
      } catch (error) {
        refusal = error;
      }
    }
    try {
      for (const statement of settings.sql.checks) await this.run(statement);
      if (settings.writesAlways) await this.run(settings.sql.insertMany, ['[]', 0, 0]);
    } catch (error) {
      throw refusal ?? error;
    }
    await this.locate();
  }

  /** Names the schema from here on: transactions may look elsewhere. */
  private async locate(): Promise<void> {
    const { sql } = this.settings;
    if (sql.locate === undefined) return;
    const [row] = await this.run(sql.locate);
    const { place, catalog } = Object(row) as { readonly place?: unknown; catalog?: string };
    if (typeof place === 'string') this.settings.useSchema(place, catalog);
  }

  /**
   * @returns the rows of one statement, a transaction of its own @throws OutboxTableError; EngineUnreachableError; what the
   *   database says, without what was sent
   */
  readonly run = async (sql: string, values: unknown[] = []): Promise<readonly object[]> => {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    for (let tries = 1; ; tries++) {
      try {
        return rowsIn(await this.sendInTurn(sql, values, deadline));
      } catch (error) {
        if (tries === TRIES || !says(GIVEN_UP, error)) throw error;
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

  /** Waits for a statement as long as may be, on whatever connection. */
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

  /** Sends nothing for a while where too much has no answer. */
  private async sendInTurn(sql: string, values: unknown[], deadline: Deadline): Promise<unknown> {
    const now = performance.now();
    if (now < this.restsUntil) throw this.unended();
    // After a rest, one alone tries whether that is over.
    const isTrial = this.restsUntil > 0;
    if (isTrial) this.restsUntil = now + deadline.leftMs;
    const sent = this.send(sql, values);
    try {
      return await this.bounded(() => sent, deadline);
    } catch (error) {
      if (error instanceof EngineUnreachableError) this.leave(sent, now);
      throw error;
    } finally {
      // The clock tells nothing of the table.
      if (isTrial && !this.unanswered.has(sent))
        this.restsUntil = sql === this.settings.sql.clock ? now : 0;
    }
  }

  /**
   * Has further statements wait for as long as the oldest one has by now: behind a network that has
   * lost an answer, others have good connections, and that one ends after a quarter of an hour.
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
    const found = PROBLEMS.find(([pattern]) => says(pattern, told));
    if (found === undefined) return told;
    const { sql, options } = this.settings;
    const problem = messageOf(told).replace(/\.$/, '');
    return new OutboxTableError(sql.name, options.dialect, problem, { cause: told }, found[1]);
  }

  private unended(): EngineUnreachableError {
    return this.unreachable('a statement on its table has not ended', undefined);
  }

  private unreachable(consequence: string, cause: unknown): EngineUnreachableError {
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
    );
  }
}

function says(pattern: RegExp, error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  // A port, as in 127.0.0.1:42501, is no code.
  return pattern.test(`${String(code)} ${messageOf(error).replaceAll(/:\d+/g, '')}`);
}
