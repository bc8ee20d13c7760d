import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import type { Lack } from '../contract-suite.js';

/** A database that an adapter can be tested on. @publicApi */
export type TransactionContractDialect = 'postgres' | 'mysql' | 'sqlite';

/** Statements of a database, and its differences from others. @internal */
export interface Dialect {
  /**
   * Creates a table of names, whose column `needs` refers to a name that has to be there at the
   * COMMIT, if it refers to any.
   */
  createTable(table: string): string;
  /** Reason why the suite makes no COMMIT fail. */
  readonly lacksFailingCommit: Lack;
  /**
   * True if a statement that fails aborts the transaction, whose COMMIT is then a rollback; false
   * if only that statement is undone.
   */
  readonly statementsAbort: boolean;
  /**
   * True if the database notices at once that two transactions wait for each other's rows, and
   * rolls back the one that has written less.
   */
  readonly hasDeadlocks: boolean;
  /** Reason why a serializable transaction does not fail if another one has committed meanwhile. */
  readonly lacksConflicts: Lack;
  /** Reason why there can be no second transaction while one is open. */
  readonly lacksSecondWriter: Lack;
  /** Ends a connection from another one; undefined where there is no server. */
  readonly connections: Connections | undefined;
}

interface Connections {
  /** Selects the id of the connection that it is sent on, as `id`. */
  readonly own: string;
  kill(id: number): string;
  /** Selects a row as long as a connection is there. */
  find(id: number): string;
}

const DIALECTS: Readonly<Record<TransactionContractDialect, Dialect>> = {
  postgres: {
    createTable: (table) =>
      `create table ${table} (name text primary key, needs text references ${table} (name) deferrable initially deferred)`,
    lacksFailingCommit: false,
    statementsAbort: true,
    hasDeadlocks: false,
    lacksConflicts: false,
    lacksSecondWriter: false,
    connections: {
      own: 'select pg_backend_pid() as id',
      kill: (id) => `select pg_terminate_backend(${id})`,
      find: (id) => `select pid from pg_stat_activity where pid = ${id}`,
    },
  },
  mysql: {
    createTable: (table) =>
      `create table ${table} (name varchar(100) primary key, needs varchar(100)) engine = InnoDB`,
    lacksFailingCommit: 'MySQL checks constraints at the statement',
    statementsAbort: false,
    hasDeadlocks: true,
    lacksConflicts: 'a serializable transaction of MySQL makes others wait',
    lacksSecondWriter: false,
    connections: {
      own: 'select connection_id() as id',
      kill: (id) => `kill ${id}`,
      find: (id) => `select id from information_schema.processlist where id = ${id}`,
    },
  },
  sqlite: {
    createTable: (table) => `create table ${table} (name text primary key, needs text)`,
    lacksFailingCommit: 'SQLite keeps a transaction open whose COMMIT has failed',
    statementsAbort: false,
    hasDeadlocks: false,
    lacksConflicts: 'SQLite has one writer at a time',
    lacksSecondWriter: 'SQLite has one writer at a time',
    connections: undefined,
  },
};

/** @throws AirlockOptionsError for one that is not known @internal */
export function dialectNamed(name: TransactionContractDialect): Dialect {
  if (Object.hasOwn(DIALECTS, name)) return DIALECTS[name];
  const names = Object.keys(DIALECTS).map((one) => `'${one}'`);
  throw AirlockOptionsError.expected('dialect', `one of ${names.join(', ')}`, name);
}
