import {
  type INestApplicationContext,
  type LoggerService,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { drizzle as nodePostgres, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { drizzle as pglite } from 'drizzle-orm/pglite';
import { AirlockModule, type AirlockModuleOptions } from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import {
  type AirlockPgBossOptions,
  AirlockPgBossModule,
  type PgBoss10Client,
  type PgBossClient,
  PgBossExecutor,
} from 'nestjs-airlock/pg-boss';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { fromPglite, PgBoss } from 'pg-boss';
import PgBoss10 from 'pg-boss-10';
import { postgres } from '../../servers.js';
import { emptyPglite } from '../../pglite.js';

export { until } from '../../until.js';

/** A database with pg-boss in a schema of its own. */
export interface Database {
  readonly schema: string;
  readonly db: NodePgDatabase;
  /** Makes a `PgBoss` that is not started. */
  readonly boss: () => PgBossClient;
  readonly query: (text: string, values?: unknown[]) => Promise<readonly Record<string, unknown>[]>;
  readonly close: () => Promise<void>;
}

/**
 * No maintenance and no cron: they would only take connections. Workers of version 12 hear of jobs
 * at once.
 */
const QUIET = { schedule: false, supervise: false };
const EAGER = { ...QUIET, useListenNotify: true };

/** What makes version 12 tell its workers. */
export const NOTIFY = { airlock: { notify: true } };

export type Version = 10 | 12;

export function onPostgres(version: Version): Database {
  const schema = `pgboss_${randomUUID().replaceAll('-', '')}`;
  const pool = new Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  const options = { connectionString: postgres.url, schema };
  const bosses = new Bosses(() =>
    version === 12
      ? new PgBoss({ ...options, ...EAGER })
      : impatient(new PgBoss10({ ...options, ...QUIET })),
  );
  return {
    schema,
    db: trackDrizzleTransactions(nodePostgres(pool)),
    boss: bosses.make,
    query: async (text, values) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    close: async () => {
      await bosses.stop();
      await pool.query(`drop schema if exists ${schema} cascade`);
      await pool.end();
    },
  };
}

export function onPglite(): Database {
  const schema = 'pgboss';
  const server = emptyPglite();
  const bosses = new Bosses(
    () => new PgBoss({ db: fromPglite(server), backend: 'pglite', schema, ...EAGER }),
  );
  return {
    schema,
    db: trackDrizzleTransactions(pglite(server)) as unknown as NodePgDatabase,
    boss: bosses.make,
    query: async (text, values) => (await server.query<Record<string, unknown>>(text, values)).rows,
    close: async () => {
      await bosses.stop();
      await server.close();
    },
  };
}

/**
 * Version 10 polls every half second at best; its workers are waken instead, or its suites would
 * only wait.
 */
function impatient(boss: PgBoss10): PgBoss10 {
  const ids: string[] = [];
  const work = boss.work.bind(boss) as PgBoss10Client['work'];
  const timer = setInterval(() => ids.forEach((id) => boss.notifyWorker(id)), 20).unref();
  boss.on('stopped', () => clearInterval(timer));
  return Object.assign(boss, {
    work: async (...args: Parameters<PgBoss10Client['work']>) => {
      const id = await work(...args);
      ids.push(id);
      return id;
    },
  });
}

/** Those that were made, which applications leave to their owner to stop. */
class Bosses {
  private readonly made: PgBossClient[] = [];

  constructor(private readonly build: () => PgBossClient) {}

  readonly make = (): PgBossClient => {
    const boss = this.build();
    this.made.push(boss);
    return boss;
  };

  async stop(): Promise<void> {
    for (const boss of this.made) await boss.stop({ graceful: false });
  }
}

export interface Parts {
  readonly pgBoss: AirlockPgBossOptions;
  readonly airlock?: AirlockModuleOptions;
  readonly providers?: ModuleMetadata['providers'];
  readonly imports?: ModuleMetadata['imports'];
  /** Told what is logged. */
  readonly lines?: Lines;
}

/** What a logger was told, by level. */
export class Lines implements LoggerService {
  private readonly all: (readonly [level: string, text: string])[] = [];
  readonly log = (text: unknown): void => void this.all.push(['log', String(text)]);
  readonly warn = (text: unknown): void => void this.all.push(['warn', String(text)]);
  readonly error = (text: unknown): void => void this.all.push(['error', String(text)]);

  of(level: string): readonly string[] {
    return this.all.filter(([its]) => its === level).map(([, text]) => text);
  }
}

/** An application whose effects are jobs of pg-boss. */
export async function boot({
  pgBoss,
  airlock,
  providers = [],
  imports = [],
  lines,
}: Parts): Promise<INestApplicationContext> {
  @Module({
    imports: [
      AirlockModule.forRoot({ executor: PgBossExecutor, ...airlock }),
      AirlockPgBossModule.forRoot(pgBoss),
      ...imports,
    ],
    providers,
  })
  class AppModule {}

  return NestFactory.createApplicationContext(AppModule, {
    logger: lines ?? false,
    abortOnError: false,
  });
}

/** One row of the table of jobs. */
export interface JobRow {
  readonly id: string;
  readonly queue: string;
  readonly state: string;
  readonly effect: string;
  readonly args: readonly unknown[];
  readonly output: Record<string, unknown> | null;
  readonly row: Record<string, unknown>;
}

/** The jobs of one pg-boss, in the order in which they were written. */
export async function jobsIn({ schema, query }: Database): Promise<readonly JobRow[]> {
  const rows = await query(
    `select * from ${schema}.job where name not like '\\_\\_%' order by created_on, id`,
  );
  return rows.map((row) => {
    const { effect, args } = row['data'] as { effect: string; args: unknown[] };
    const { id, name, state, output } = row as unknown as JobRow & { readonly name: string };
    return { id, queue: name, state, effect, args, output, row };
  });
}
