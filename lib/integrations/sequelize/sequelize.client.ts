import type { MariadbConnection, PgClient } from '../ended-by-server.js';

/** The parts of a Sequelize instance that are called; real ones fit. @publicApi */
export interface SequelizeClient {
  transaction: (...args: never[]) => PromiseLike<unknown>;
  getDialect(): string;
}

/** Sequelize instance with the arguments that its methods are called with. @internal */
export interface SequelizeInstance {
  getDialect(): string;
  readonly config?: { readonly database?: string | null };
  readonly constructor: { readonly DatabaseError: new (driver: Error) => Error };
  query(
    sql: string,
    options: { transaction: SequelizeTransaction; logging: false },
  ): Promise<unknown>;
}

/** @internal */
export interface SequelizeTransaction {
  /** Connection of the driver: of PostgreSQL's, that is a client of `pg`. */
  readonly connection: PgClient &
    MariadbConnection & {
      query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
    };
  commit: () => Promise<void>;
  rollback: () => Promise<void>;
  /** Takes a function that is called after the COMMIT, even one that failed. */
  afterCommit: (hook: (transaction: SequelizeTransaction) => unknown) => void;
  /**
   * Called after a COMMIT or ROLLBACK has failed, before those functions. Older versions have none.
   */
  forceCleanup?: () => Promise<void>;
}

/**
 * Returns the topmost prototype that declares `transaction`, Sequelize's own: derived classes may
 * override it and call `super`. @internal
 */
export function declarerOf(sequelize: object): object {
  let declarer = Object.getPrototypeOf(sequelize) as object;
  for (
    let at: object | null = declarer;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    if (Object.hasOwn(at, 'transaction')) declarer = at;
  }
  return declarer;
}

/** Tells by methods that no other client has together. @internal */
export function isSequelize(value: object): value is SequelizeClient {
  return ['transaction', 'getDialect', 'getQueryInterface'].every(
    (key) => typeof Reflect.get(value, key) === 'function',
  );
}
