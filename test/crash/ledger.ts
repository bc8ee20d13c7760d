import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { bossSchemaOf } from './settings.js';

export const ENGINES = ['pg-boss', 'BullMQ', 'outbox'] as const;
export type Engine = (typeof ENGINES)[number];

/** What became of the calls of effects, by the rows that their transactions left. */
export interface Account {
  /** In transactions and savepoints that committed. */
  readonly committed: number;
  /** In those that did not, the killed ones included. */
  readonly rolledBack: number;
  readonly engines: Readonly<Record<Engine, Verdict>>;
}

export interface Verdict {
  /** Committed, but never seen. */
  readonly lost: number;
  /** Seen without being committed, or before. */
  readonly phantom: number;
  /** How often effects were seen again. */
  readonly duplicated: number;
}

/** The tables of one run: what was called, and what was seen. */
export class Ledger {
  private readonly pool: Pool;

  constructor(
    postgresUrl: string,
    private readonly run: string,
  ) {
    this.pool = new Pool({
      connectionString: postgresUrl,
      options: `-c search_path=${run}`,
      max: 2,
    });
    // The server is killed under it, too.
    this.pool.on('error', () => {});
  }

  async open(): Promise<void> {
    await this.pool.query(`
      create schema ${this.run};
      create table orders (id serial primary key, twin int references orders deferrable initially deferred);
      create table calls (id serial primary key);
      create table seen (call int not null, engine text not null, was_committed boolean not null);`);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /**
   * How many calls there have been, whatever became of them: a number taken from a sequence is not
   * given back.
   */
  async calls(): Promise<number> {
    return this.number('select case when is_called then last_value else 0 end from calls_id_seq');
  }

  /** Whether an effect of a call after number `last` was seen. */
  async hasSeen(engine: Engine, last: number): Promise<boolean> {
    return (
      (await this.number(
        'select count(*) from seen where engine = $1 and call > $2',
        engine,
        last,
      )) > 0
    );
  }

  /** Of the calls with a number above `start`, when all are over. */
  async account(start: number): Promise<Account> {
    const called = (await this.calls()) - start;
    const committed = await this.number('select count(*) from calls where id > $1', start);
    const engines = {
      'pg-boss': await this.verdict('pg-boss', start),
      BullMQ: await this.verdict('BullMQ', start),
      outbox: await this.verdict('outbox', start),
    };
    return { committed, rolledBack: called - committed, engines };
  }

  private async verdict(engine: Engine, start: number): Promise<Verdict> {
    const mine = 'select call, was_committed from seen where engine = $1 and call > $2';
    const count = (sql: string): Promise<number> =>
      this.number(`with mine as (${mine}) ${sql}`, engine, start);
    return {
      lost: await count(
        'select count(*) from calls where id > $2 and id not in (select call from mine)',
      ),
      phantom: await count(
        'select count(distinct call) from mine where not was_committed or call not in (select id from calls)',
      ),
      duplicated: await count('select count(*) - count(distinct call) from mine'),
    };
  }

  /** How many effects were lost and nobody told, of the calls with a number above `start`. */
  async lostSilently(
    engine: Engine,
    start: number,
    complaints: readonly number[],
  ): Promise<number> {
    return this.number(
      `select count(*) from calls where id > $2 and id <> all($3::int[]) and id not in (select call from seen where engine = $1)`,
      engine,
      start,
      complaints,
    );
  }

  /** How many rows are in the outbox. */
  async outboxRows(): Promise<number> {
    return this.number('select count(*) from airlock_outbox');
  }

  /** How many jobs of pg-boss there are, by state. */
  async bossJobs(): Promise<ReadonlyMap<string, number>> {
    const sql = `select state::text, count(*)::int from ${bossSchemaOf(this.run)}.job where name = $1 group by state`;
    const rows = await this.rows(sql, [this.run]);
    return new Map(rows.map(({ state, count }) => [String(state), Number(count)]));
  }

  /** Ends connections of the run as an administrator would. @returns how many */
  async terminateBackends(): Promise<number> {
    const sql = `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1`;
    return this.number(sql, this.run);
  }

  private async number(sql: string, ...values: unknown[]): Promise<number> {
    const rows = await this.rows(sql, values);
    return Number(Object.values(rows[0]!)[0]);
  }

  /** Asks again where the server goes away meanwhile. */
  private async rows(sql: string, values: unknown[]): Promise<readonly Record<string, unknown>[]> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return (await this.pool.query<Record<string, unknown>>(sql, values)).rows;
      } catch (error) {
        // Of class 42 are errors of this program.
        const { code = '' } = error as { readonly code?: string };
        if (code.startsWith('42') || performance.now() > end) throw error;
        await sleep(100);
      }
    }
  }
}

const PATIENCE_MS = 30_000;
