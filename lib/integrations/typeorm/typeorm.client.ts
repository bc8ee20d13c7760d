/**
 * The parts of a TypeORM `DataSource`, 0.3 or 1.x, that are called; the real ones fit. @publicApi
 */
export interface TypeOrmDataSource {
  readonly driver: {
    /** Kind of transactions that the driver has, as it says; `none` without transactions. */
    readonly transactionSupport: 'simple' | 'nested' | 'none';
    readonly database?: string | undefined;
    /** Query runner that all queries share, on SQLite. */
    readonly queryRunner?: unknown;
  };
  readonly options: { readonly type: string };
  readonly manager: TypeOrmManager;
  createQueryRunner: (...mode: never[]) => TypeOrmQueryRunner;
}

/** The parts of an `EntityManager` that are called. @publicApi */
export interface TypeOrmManager {
  readonly queryRunner?: TypeOrmQueryRunner | undefined;
  transaction: (...isolationAndCallback: never[]) => Promise<unknown>;
}

/** The parts of a `QueryRunner` that are called. @publicApi */
export interface TypeOrmQueryRunner {
  readonly manager: TypeOrmManager;
  /** True after `release`, and after the connection broke. */
  readonly isReleased: boolean;
  /** False again as soon as COMMIT or ROLLBACK has succeeded. */
  readonly isTransactionActive: boolean;
  readonly broadcaster: TypeOrmBroadcaster;
  /** Connection of the driver: of PostgreSQL's, that is a client of `pg`. */
  readonly databaseConnection?: unknown;
  startTransaction: (...isolation: never[]) => Promise<void>;
  commitTransaction: () => Promise<void>;
  rollbackTransaction: () => Promise<void>;
  release: () => Promise<void>;
  query: (
    text: string,
    values: unknown[] | undefined,
    structured: true,
  ) => Promise<{ readonly records?: unknown[]; readonly raw: unknown }>;
}

/**
 * Object by which a query runner tells subscribers what happens: the one place between them and the
 * driver. @publicApi
 */
export interface TypeOrmBroadcaster {
  broadcast: (
    event: 'BeforeTransactionCommit' | 'AfterTransactionCommit' | 'AfterTransactionRollback',
    ...rest: never[]
  ) => Promise<void>;
  broadcastAfterQueryEvent: (
    result: never,
    query: string,
    parameters: never,
    success: boolean,
    executionTime: number | undefined,
    rawResults: unknown,
    error: unknown,
  ) => void;
}

/**
 * True for a data source, by the brand that TypeORM itself uses: the class would have to be
 * imported.
 * @internal
 */
export function isDataSource(value: object): value is TypeOrmDataSource {
  return (value as { '@instanceof'?: unknown })['@instanceof'] === Symbol.for('DataSource');
}

/** True for a data source whose database has transactions. @internal */
export function isTransactional(value: object): value is TypeOrmDataSource {
  return isDataSource(value) && value.driver.transactionSupport !== 'none';
}
