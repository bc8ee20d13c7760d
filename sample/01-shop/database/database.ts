import {
  openFrame,
  trackSavepoints,
  trackTransactions,
  type TransactionFrame,
} from 'nestjs-airlock';
import type { PgBossConstructorOptions } from 'nestjs-airlock/pg-boss';

/** The database itself, or one transaction in it. */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

export interface Transaction extends Queryable {
  /**
   * Runs an optional step: if it throws, what it wrote and the effects it called are undone, and
   * nothing else.
   */
  savepoint<T>(step: (tx: Queryable) => Promise<T>): Promise<T>;
}

export abstract class Database implements Queryable {
  /** What a pg-boss is built with that keeps its jobs in this database. */
  abstract readonly pgBoss: PgBossConstructorOptions;

  abstract query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;

  /** Runs `work` between BEGIN and COMMIT, or ROLLBACK if it throws. */
  protected abstract begin<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;

  /** Runs `work` in a transaction, whose fate the effects called in it share. */
  readonly transaction = trackTransactions(
    <T>(work: (tx: OpenTransaction) => Promise<T>): Promise<T> =>
      this.begin((tx) => work(new OpenTransaction(tx))),
    (tx) => (tx.frame = openFrame({ name: 'shop', connection: connectionOf(tx) })),
  );
}

class OpenTransaction implements Transaction {
  frame!: TransactionFrame;

  constructor(private readonly tx: Queryable) {}

  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]> {
    return this.tx.query(sql, params);
  }

  readonly savepoint = trackSavepoints(
    async <T>(step: (tx: Queryable) => Promise<T>): Promise<T> => {
      await this.query('savepoint step');
      try {
        const result = await step(this);
        await this.query('release savepoint step');
        return result;
      } catch (error) {
        await this.query('rollback to savepoint step');
        throw error;
      }
    },
    () => this.frame.savepoint(),
  );
}

function connectionOf(tx: Queryable) {
  return {
    executeSql: async (text: string, values?: unknown[]) => ({
      rows: await tx.query(text, values),
    }),
  };
}
