import type { TransactionContractDialect } from './dialect.js';

/**
 * One open transaction or savepoint, as an adapter under test hands it to a callback. @publicApi
 */
export interface ContractTransaction {
  /** Runs a statement in it. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /**
   * Runs `fn` in a savepoint of it, rolled back if `fn` rejects. Absent where the adapter has none.
   */
  savepoint?<T>(fn: (tx: ContractTransaction) => Promise<T>): Promise<T>;
}

/** Client of the adapter under test, connected, whose transactions are tracked. @publicApi */
export interface TransactionContractClient {
  /** Runs `fn` in a transaction of its own, also where another one is open (`REQUIRES_NEW`). */
  transaction<T>(
    fn: (tx: ContractTransaction) => Promise<T>,
    options?: { readonly isolation?: 'serializable' },
  ): Promise<T>;
  /** Runs a statement outside any transaction, on a connection of its own. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Adapter for `describeTransactionContract`, and what its client can do. @publicApi */
export interface TransactionContractOptions {
  /**
   * The database it connects to, by what its transactions do: `mysql` is also MariaDB. Cases that a
   * database cannot have are skipped, and their names say why; those that it ends otherwise expect
   * its own ending.
   *
   * @default 'postgres'
   */
  readonly dialect?: TransactionContractDialect;
  /**
   * Connects a client to a database; called for a first and a second data source. Connections are
   * killed in some cases: a client whose driver emits errors of idle connections has to listen for
   * them (`client.on('error', …)` of `pg`).
   */
  connect(): Promise<TransactionContractClient>;
  /**
   * False for a server in this process, whose single connection nobody can kill and no second
   * transaction can use.
   *
   * @default true, and false for SQLite
   */
  readonly isServer?: boolean;
  /**
   * False for an adapter that has no savepoints: what needs them is skipped, and its name says so.
   * @default true
   */
  readonly savepoints?: boolean;
  /**
   * True for transactions that are begun and ended by statements, without a callback
   * (`frame.enter()`): what they leave behind cannot be told from the code around them, and goes
   * with its scope after a rollback, too. @default false
   */
  readonly byStatements?: boolean;
  /**
   * True for a client whose COMMIT releases the savepoints that are still open, as in SQL. False
   * for one that ends a savepoint with its callback, so that a COMMIT before it is a mistake, and
   * refused. @default false
   */
  readonly commitReleasesSavepoints?: boolean;
}
