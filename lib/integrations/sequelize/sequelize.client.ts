/** What is called of a Sequelize instance; real ones fit. @publicApi */
export interface SequelizeClient {
  transaction: (...args: never[]) => PromiseLike<unknown>;
  getDialect(): string;
}

/** The same with the arguments it is called with. @internal */
export interface SequelizeInstance {
  getDialect(): string;
  readonly config?: { readonly database?: string | null };
  query(sql: string, options: { transaction: SequelizeTransaction; logging: false }): Promise<unknown>;
}

/** @internal */
export interface SequelizeTransaction {
  /** That of the driver. */
  readonly connection: { query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }> };
  commit: () => Promise<void>;
  rollback: () => Promise<void>;
}
