/**
 * A database connection inside a transaction, as transactional executors write through it.
 * @publicApi
 */
export interface FrameConnection {
  /** The SQL that it takes. MariaDB's is `mysql`. @default 'postgres' */
  readonly dialect?: SqlDialect;
  /**
   * Runs one statement, whose values stand for `$1`, `$2`, … on PostgreSQL and for `?` elsewhere,
   * and resolves to its rows, if it has any.
   */
  executeSql(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/**
 * Which SQL a database takes, and how its placeholders are written: `$1` in `postgres`, `?` in the
 * others. @publicApi
 */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite';

/** The dispatch that a call of an executor is part of. @publicApi */
export interface DispatchContext {
  /**
   * Identity of the flush, cascades included: the same object for each call of an executor in it.
   * An executor may remember for the rest of the flush what it has learned about its engine, such
   * as that it does not answer.
   */
  readonly flush: object;
  /**
   * Aborts with an `EffectTimeoutError` once the time limit is over. Created when it is first read.
   */
  readonly signal: AbortSignal;
  /**
   * For transactional executors: the name of the transaction whose COMMIT waits for them; undefined
   * outside transactions.
   */
  readonly transaction?: string | undefined;
  /**
   * For transactional executors: the connection of that transaction; undefined also if its
   * adapter has none to write through.
   */
  readonly connection?: FrameConnection | undefined;
  /**
   * For transactional executors: that transaction as its own client knows it, if its adapter
   * provides that: TypeORM's `EntityManager`, Drizzle's `tx`, Knex's and Kysely's `trx`, Prisma's
   * `tx`, the `tx` of the host of `@nestjs-cls/transactional`. Not to be used afterwards.
   */
  readonly tx?: unknown;
}
