import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Knex } from 'knex';
import { DIALECTS, rowsOf } from '../database.js';
import type { Setup } from '../setups.js';

/** The database of the application. */
@Injectable()
export class Books implements OnApplicationShutdown {
  constructor(
    readonly knex: Knex,
    private readonly database: Setup['database'],
  ) {}

  /** Notes a call of an effect. @returns its number */
  async call(tx: Knex): Promise<number> {
    const [next] = await rowsOf(tx, DIALECTS[this.database].nextCall);
    const id = Number(next!['id']);
    await tx.raw('insert into calls (id) values (?)', [id]);
    return id;
  }

  /** Notes that an effect was seen, and whether the row of its call was there already. */
  async see(call: number, engine: string): Promise<void> {
    const committed = await rowsOf(this.knex, 'select id from calls where id = :call', { call });
    const values = [call, engine, committed.length > 0];
    await this.knex.raw(
      'insert into seen (call_id, engine, was_committed) values (?, ?, ?)',
      values,
    );
  }

  /** For the outbox, as its page says. */
  query(sql: string, values: unknown[]): PromiseLike<unknown> {
    return this.knex.raw(sql.replace(/\$\d+/g, '?'), values as never[]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.knex.destroy();
  }
}
