import type { TransactionContractDialect } from './dialect.js';

/** Open transaction or savepoint, as a callback gets it. @publicApi */
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
   * Database that it connects to; `mysql` is also MariaDB. Cases that a database cannot have are
   * skipped, and their names say why.
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
   * True if there is a server with further connections. False for a database in this process, whose
   * single connection nobody can kill and no second transaction can use.
   *
   * @default true, and false for SQLite
   */
  readonly isServer?: boolean;
  /**
   * True if the adapter has savepoints. False if not: cases that need them are skipped by name.
   * @default true
   */
  readonly savepoints?: boolean;
  /**
   * True for transactions that are begun and ended by statements, without a callback
   * (`frame.enter()`): work that they leave running cannot be told from the code around them, and
   * its effects go with the scope, even after a rollback. @default false
   */
  readonly byStatements?: boolean;
  /**
   * True for a client whose COMMIT releases the savepoints that are still open, as in SQL. False
   * for one that ends a savepoint with its callback, so that a COMMIT before it is a mistake, and
   * refused. @default false
   */
  readonly commitReleasesSavepoints?: boolean;
  /**
   * True for a client that runs savepoints which are begun side by side (`Promise.all`) one after
   * the other, as Knex does. False for one that would have them open at the same time, where effects
   * in them are refused. @default false
   */
  readonly savepointsInTurn?: boolean;
}
