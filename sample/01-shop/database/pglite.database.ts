import type { OnApplicationShutdown } from '@nestjs/common';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import type { PgBossConstructorOptions } from 'nestjs-airlock/pg-boss';
import { fromPglite } from 'pg-boss';
import { Database, type Queryable } from './database.js';

/**
 * PostgreSQL compiled to WebAssembly, in this process. Its data lives as long as the process does.
 */
export class PgliteDatabase extends Database implements OnApplicationShutdown {
  readonly pgBoss: PgBossConstructorOptions;

  private constructor(private readonly pg: PGlite) {
    super();
    this.pgBoss = { db: fromPglite(pg), backend: 'pglite' };
  }

  static async open(): Promise<PgliteDatabase> {
    const { PGlite } = await import('@electric-sql/pglite');
    return new PgliteDatabase(await PGlite.create());
  }

  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]> {
    return rowsOf(this.pg, sql, params);
  }

  protected begin<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.pg.transaction((tx) => work({ query: (sql, params) => rowsOf(tx, sql, params) }));
  }

  /** Not in `onModuleDestroy`: effects of the last requests may still be going out then. */
  async onApplicationShutdown(): Promise<void> {
    await this.pg.close();
  }
}

async function rowsOf<Row>(
  pg: PGlite | Transaction,
  sql: string,
  params: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const { rows } = await pg.query<Row>(sql, [...params]);
  return rows;
}
