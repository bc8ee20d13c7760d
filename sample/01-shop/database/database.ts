import { trackTransactions, openFrame, type TransactionFrame } from 'nestjs-airlock';
import type { PgBossConstructorOptions } from 'nestjs-airlock/pg-boss';

/** The database itself, or one transaction in it. */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

export interface Transaction extends Queryable {
  /** Runs an optional step: if it throws, what it wrote and the effects it called are undone, and nothing else. */
  savepoint<T>(step: (tx: Queryable) => Promise<T>): Promise<T>;
}

export abstract class Database implements Queryable {
  /** What a pg-boss is built with that keeps its jobs in this database. */
  abstract readonly pgBoss: PgBossConstructorOptions;

  abstract query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;

  /** Runs `work` between BEGIN and COMMIT, or ROLLBACK if it throws. */
  protected abstract begin<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;

  /** Runs `work` in a transaction, whose fate the effects called in it share. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let frame: TransactionFrame;
    const transaction = trackTransactions(
      <R>(callback: (tx: Queryable) => Promise<R>) => this.begin(callback),
      (tx) => (frame = openFrame({ name: 'shop', connection: connectionOf(tx) })),
    );
    return transaction((tx) => work(withSavepoints(tx, frame)));
  }
}

function withSavepoints(tx: Queryable, frame: TransactionFrame): Transaction {
  return {
    query: (sql, params) => tx.query(sql, params),
    savepoint: trackTransactions(
      async (step) => {
        await tx.query('savepoint step');
        try {
          const result = await step(tx);
          await tx.query('release savepoint step');
          return result;
        } catch (error) {
          await tx.query('rollback to savepoint step');
          throw error;
        }
      },
      () => frame.savepoint(),
    ),
  };
}

function connectionOf(tx: Queryable) {
  return { executeSql: async (text: string, values?: unknown[]) => ({ rows: await tx.query(text, values) }) };
}
