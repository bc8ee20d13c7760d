import type { InjectionToken } from '@nestjs/common';
import type { ExecutorRef } from '../../core/model/executor.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';

/**
 * The databases that the outbox's table can be in; `mariadb` from 10.6 on, `mysql` from 8.0 on.
 * @publicApi
 */
export type OutboxDialect = 'postgres' | 'mysql' | 'mariadb' | 'sqlite';

/**
 * Connection of the outbox itself, outside the application's transactions. A pool of `pg` or
 * `mysql2`, a `DataSource` of TypeORM and a PGlite fit as they are.
 *
 * @publicApi
 */
export interface OutboxConnection {
  /**
   * Runs one statement, whose values stand for `$1`, `$2`, … on PostgreSQL and for `?` elsewhere,
   * each once and in order.
   *
   * @returns the rows, an object with `rows`, or an array with the rows first
   */
  query(sql: string, values: unknown[]): PromiseLike<unknown>;
}

/** Options of `AirlockOutboxModule.forRoot`. @publicApi */
export interface AirlockOutboxOptions extends RemoteOptions {
  /** The database that the table is in: that of the transactions. */
  readonly dialect: OutboxDialect;
  /**
   * The application's pool or data source, the token of a provider that is one, or a `query`
   * function of your own in an object.
   */
  readonly connection: OutboxConnection | InjectionToken;
  /**
   * Executor that effects are handed to: one that leaves the process, such as `BullMqExecutor`, or
   * `InProcessExecutor`.
   *
   * @default an `InProcessExecutor`: effects run here, and again where they have failed or this
   *   process has died
   */
  readonly executor?: ExecutorRef;
  /**
   * Schema of the table. On MySQL and MariaDB another database of the server. @default the schema
   * in which the connection finds it
   */
  readonly schema?: string;
  /** The name of the table. @default 'airlock_outbox' */
  readonly table?: string;
  /**
   * True to create a missing table at the start, for development. False if a migration creates it.
   * @default false
   */
  readonly createTable?: boolean;
  /**
   * `dispatch` hands effects outside transactions over without writing them; `write` writes them in
   * a transaction of their own. @default 'dispatch'
   */
  readonly outsideTransaction?: 'dispatch' | 'write';
  /**
   * Milliseconds between two sweeps for rows that others have left; `false` for a process that does
   * not sweep. @default 5_000
   */
  readonly sweepIntervalMs?: number | false;
  /**
   * Milliseconds after its write at which an effect counts as left behind, unless its process
   * prolongs that. The same in all processes. @default 15_000
   */
  readonly sweepAfterMs?: number;
  /**
   * Milliseconds until a row is tried again after its first failure. The time doubles with each
   * failure, up to an hour. @default 5_000
   */
  readonly retryDelayMs?: number;
  /**
   * Number of failures after which a row is only tried by hand. An engine that cannot be reached is
   * not a failure. @default 20
   */
  readonly maxAttempts?: number;
  /**
   * Milliseconds for which the start of the application and each statement wait for the database.
   * @default 5_000
   */
  readonly dispatchTimeoutMs?: number;
}
