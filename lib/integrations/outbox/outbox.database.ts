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
import { withoutPayload } from '../without-payload.js';
import type { OutboxConnection } from './outbox.options.js';
import { OutboxSettings } from './outbox.settings.js';

const PAUSE_MS = 200;

/**
 * Matches what PostgreSQL, MySQL and SQLite say when a table, a schema or a column is not there,
 * whichever client passes it on.
 */
const MISSING =
  /\b(42P01|42703|3F000|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|ER_BAD_DB_ERROR)\b|does not exist|doesn't exist|no such (table|column)|unknown column|has no column/i;

/**
 * The application's own connection to the database of the outbox, with an end to all waiting.
 *
 * @internal
 */
@Injectable()
export class OutboxDatabase {
  private known: OutboxConnection | undefined;

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /**
   * Creates the table where that is wanted, and sees that it can be used.
   *
   * @throws AirlockOptionsError for a connection that is none; OutboxTableError;
   *   EngineUnreachableError where the database is down
   */
  async open(): Promise<void> {
    const { sql, createsTable, dispatchTimeoutMs } = this.settings;
    const deadline = new Deadline(dispatchTimeoutMs);
    const statements = [...(createsTable ? sql.create : []), sql.check];
    for (;;) {
      try {
        for (const statement of statements) await this.run(statement);
        return;
      } catch (error) {
        if (error instanceof AirlockError && !(error instanceof EngineUnreachableError))
          throw error;
        if (!(error instanceof EngineUnreachableError) && (await deadline.pause(PAUSE_MS)))
          continue;
        throw this.unreachable('the application cannot start', error);
      }
    }
  }

  /**
   * @returns the rows of one statement @throws OutboxTableError; EngineUnreachableError; what the
   *   database says, without what was sent
   */
  readonly run = async (sql: string, values: unknown[] = []): Promise<readonly object[]> =>
    rowsIn(await this.bounded(() => this.connection.query(sql, values)));

  /** Runs one statement however long it takes. @throws OutboxTableError; what the database says */
  async ask(sql: string, values: unknown[] = []): Promise<readonly object[]> {
    try {
      return rowsIn(await this.connection.query(sql, values));
    } catch (error) {
      throw this.told(error);
    }
  }

  /** Waits for a statement as long as may be, on whatever connection. */
  async bounded<T>(statement: () => PromiseLike<T>): Promise<T> {
    try {
      return await new Deadline(this.settings.dispatchTimeoutMs).within(statement());
    } catch (error) {
      if (error instanceof TimedOut)
        throw this.unreachable('a statement on its table has not ended', undefined);
      throw this.told(error);
    }
  }

  private told(error: unknown): unknown {
    const told = withoutPayload(error);
    if (told instanceof AirlockError) return told;
    const { code } = Object(told) as { readonly code?: unknown };
    const message = messageOf(told);
    if (!MISSING.test(`${String(code)} ${message}`)) return told;
    const { sql, options } = this.settings;
    return new OutboxTableError(sql.name, options.dialect, message.replace(/\.$/, ''), {
      cause: told,
    });
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
