import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { connectTo, DIALECTS, type Row, rowsOf } from './database.js';
import { bossSchemaOf } from './settings.js';
import type { Engine, Setup } from './setups.js';

/** What became of the calls of effects, by the rows that their transactions left. */
export interface Account {
  /** In transactions and savepoints that committed. */
  readonly committed: number;
  /** In those that did not, the killed ones included. */
  readonly rolledBack: number;
  readonly engines: ReadonlyMap<Engine, Verdict>;
}

export interface Verdict {
  /** Committed, but never seen. */
  readonly lost: number;
  /** Seen without being committed, or before. */
  readonly phantom: number;
  /** How often effects were seen again. */
  readonly duplicated: number;
}

type Values = Readonly<Record<string, unknown>>;

/** The tables of one run: what was called, and what was seen. */
export class Ledger {
  private readonly knex: Knex;

  constructor(
    private readonly setup: Setup,
    url: string,
    private readonly run: string,
  ) {
    this.knex = connectTo(setup.database, url, 2);
  }

  async open(): Promise<void> {
    for (const table of this.dialect.tables) await this.knex.raw(table);
  }

  async close(): Promise<void> {
    await this.knex.destroy();
  }

  /** How many calls there have been, whatever became of them. */
  async calls(): Promise<number> {
    return this.number(this.dialect.lastCall);
  }

  /** Whether an effect of a call after number `last` was seen. */
  async hasSeen(engine: Engine, last: number): Promise<boolean> {
    const sql = 'select count(*) from seen where engine = :engine and call_id > :last';
    return (await this.number(sql, { engine, last })) > 0;
  }

  /** Of the calls with a number above `start`, when all are over. */
  async account(start: number): Promise<Account> {
    const called = (await this.calls()) - start;
    const committed = await this.number('select count(*) from calls where id > :start', { start });
    const engines = new Map<Engine, Verdict>();
    for (const engine of this.setup.engines) engines.set(engine, await this.verdict(engine, start));
    return { committed, rolledBack: called - committed, engines };
  }

  private async verdict(engine: Engine, start: number): Promise<Verdict> {
    const mine = 'from seen where engine = :engine and call_id > :start';
    const count = (sql: string): Promise<number> => this.number(sql, { engine, start });
    return {
      lost: await count(
        `select count(*) from calls where id > :start and id not in (select call_id ${mine})`,
      ),
      phantom: await count(
        `select count(distinct call_id) ${mine} and (not was_committed or call_id not in (select id from calls))`,
      ),
      duplicated: await count(`select count(*) - count(distinct call_id) ${mine}`),
    };
  }

  /** How many effects were lost and nobody told, of the calls with a number above `start`. */
  async lostSilently(
    engine: Engine,
    start: number,
    complaints: readonly number[],
  ): Promise<number> {
    const lost = await this.rows(
      'select id from calls where id > :start and id not in (select call_id from seen where engine = :engine)',
      { engine, start },
    );
    const told = new Set(complaints);
    return lost.filter(({ id }) => !told.has(Number(id))).length;
  }

  /** How many rows are in the outbox. */
  async outboxRows(): Promise<number> {
    return this.number('select count(*) from airlock_outbox');
  }

  /** How many jobs of pg-boss there are, by state. */
  async bossJobs(): Promise<ReadonlyMap<string, number>> {
    if (!this.setup.engines.includes('pg-boss')) return new Map();
    const rows = await this.rows(
      `select state, count(*) as jobs from ${bossSchemaOf(this.run)}.job where name = :run group by state`,
      { run: this.run },
    );
    return new Map(rows.map(({ state, jobs }) => [String(state), Number(jobs)]));
  }

  /** Ends all other connections, as an administrator would. */
  async terminateConnections(): Promise<void> {
    if (this.setup.database === 'PostgreSQL') {
      const others = `backend_type = 'client backend' and pid <> pg_backend_pid()`;
      await this.rows(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`);
      return;
    }
    const others = await this.rows(
      `select id from information_schema.processlist where user <> 'system user' and id <> connection_id()`,
    );
    for (const { id } of others)
      await this.knex.raw(`kill ${Number(id)}`).catch(() => {
        // It is gone already.
      });
  }

  private async number(sql: string, values?: Values): Promise<number> {
    const rows = await this.rows(sql, values);
    return Number(Object.values(rows[0]!)[0]);
  }

  /** Asks again where the server goes away meanwhile. */
  private async rows(sql: string, values?: Values): Promise<readonly Row[]> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await rowsOf(this.knex, sql, values);
      } catch (error) {
        const { code = '' } = error as { readonly code?: string };
        if (OURS.test(code) || performance.now() > end) throw error;
        await sleep(100);
      }
    }
  }

  private get dialect() {
    return DIALECTS[this.setup.database];
  }
}

/** Codes of errors of this program. */
const OURS = /^(42|ER_(PARSE|NO_SUCH|BAD_FIELD))/;

const PATIENCE_MS = 60_000;
