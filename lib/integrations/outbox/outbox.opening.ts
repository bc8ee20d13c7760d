import { Inject, Injectable } from '@nestjs/common';
import { Deadline } from '../../core/model/deadline.js';
import { AirlockError } from '../../errors/airlock.error.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { messageOf } from '../../errors/thrown.js';
import { OutboxDatabase } from './outbox.database.js';
import { OutboxSettings } from './outbox.settings.js';

const PAUSE_MS = 200;

/** Checks, when the application starts, that the connection and the table can be used. @internal */
@Injectable()
export class OutboxOpening {
  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxDatabase) private readonly database: OutboxDatabase,
  ) {}

  /**
   * Creates the table if `createTable` says so, and checks that it can be used.
   *
   * @throws AirlockOptionsError for a connection that cannot be used; OutboxTableError;
   *   EngineUnreachableError if the database is down
   */
  async open(): Promise<void> {
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    for (;;) {
      try {
        await this.database.readClock();
        await this.assertUnchanged('"');
        await this.prepare();
        return;
      } catch (error) {
        if (error instanceof AirlockError && !(error instanceof EngineUnreachableError))
          throw error;
        if (!(error instanceof EngineUnreachableError) && (await deadline.pause(PAUSE_MS)))
          continue;
        const said = error instanceof EngineUnreachableError ? '' : ` (${messageOf(error)})`;
        throw this.database.unreachable(`the application cannot start${said}`, error);
      }
    }
  }

  /** @throws AirlockOptionsError for a connection that changes text on its way to the database */
  private async assertUnchanged(text: string): Promise<void> {
    const { echo } = this.settings.sql;
    if (echo === undefined) return;
    const [row] = await this.database.run(echo, [text]);
    if (String((row as { readonly echoed: unknown }).echoed) === text) return;
    throw new AirlockOptionsError(
      'connection',
      '`connection` of AirlockOutboxModule cannot be used: its driver escapes quotes with backslashes, and its `sql_mode` has `NO_BACKSLASH_ESCAPES`, ' +
        'so that what is read would not be what was written. Take that out of `sql_mode`, or use the `mariadb` driver.',
    );
  }

  /** Runs each kind of statement once, whoever has created the table. */
  private async prepare(): Promise<void> {
    const { settings } = this;
    let refusal: unknown;
    if (settings.createsTable) {
      try {
        for (const statement of settings.sql.create) await this.database.run(statement);
      } catch (error) {
        refusal = error;
      }
    }
    try {
      for (const statement of settings.sql.checks) await this.database.run(statement);
      if (settings.writesAlways) await this.database.run(settings.sql.insertMany, ['[]', 0, 0]);
    } catch (error) {
      throw refusal ?? error;
    }
    await this.locate();
  }

  /**
   * Finds the schema that the table is in, to name it in every statement: transactions may have
   * another search path.
   */
  private async locate(): Promise<void> {
    const { sql } = this.settings;
    if (sql.locate === undefined) return;
    const [row] = await this.database.run(sql.locate);
    const { place, catalog } = Object(row) as { place?: string | Buffer | null; catalog?: string };
    // With `typeCast: false`, `mysql2` reads bytes.
    if (place != null) this.settings.useSchema(String(place), catalog);
  }
}
