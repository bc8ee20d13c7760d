import type { OnApplicationShutdown } from '@nestjs/common';
import type { PgBossConstructorOptions } from 'nestjs-airlock/pg-boss';
import type { Pool, PoolClient } from 'pg';
import { Database, type Queryable } from './database.js';

/** A PostgreSQL server. */
export class PostgresDatabase extends Database implements OnApplicationShutdown {
  private constructor(
    private readonly pool: Pool,
    readonly pgBoss: PgBossConstructorOptions,
  ) {
    super();
  }

  static async connect(url: string): Promise<PostgresDatabase> {
    const { Pool } = await import('pg');
    return new PostgresDatabase(new Pool({ connectionString: url }), { connectionString: url });
  }

  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]> {
    return rowsOf(this.pool, sql, params);
  }

  protected async begin<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const result = await work({ query: (sql, params) => rowsOf(client, sql, params) });
      await client.query('commit');
      client.release();
      return result;
    } catch (error) {
      // A connection that cannot even roll back is not given back to the pool.
      await client.query('rollback').then(
        () => client.release(),
        (broken: Error) => client.release(broken),
      );
      throw error;
    }
  }

  /** Not in `onModuleDestroy`: effects of the last requests may still be going out then. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

async function rowsOf<Row>(
  pg: Pool | PoolClient,
  sql: string,
  params: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const { rows } = await pg.query(sql, [...params]);
  return rows as readonly Row[];
}
