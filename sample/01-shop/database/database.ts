/** The database itself, or one transaction in it. */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

export abstract class Database implements Queryable {
  abstract query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;

  /**
   * Runs `work` in a transaction, which rolls back if it throws.
   *
   * @param end `rollback` undoes it in any case: for rehearsals
   */
  abstract transaction<T>(work: (tx: Queryable) => Promise<T>, end?: 'commit' | 'rollback'): Promise<T>;
}
