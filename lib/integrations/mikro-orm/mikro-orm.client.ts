/** What is called of a MikroORM instance; real ones fit, on SQL databases. @publicApi */
export interface MikroOrmClient {
  readonly em: {
    getConnection(...args: never[]): object;
    getTransactionContext(): unknown;
    setTransactionContext: (...args: never[]) => void;
    resetTransactionContext(): void;
  };
}

/** A connection to an SQL database: what begins and ends every transaction there is. @internal */
export interface MikroOrmConnection {
  getPlatform(): object;
  execute(sql: string, params: readonly unknown[], method: 'all', transaction: object): Promise<unknown>;
  /** Not public. */
  readonly config?: { get(key: 'dbName'): unknown };
}

/** What `begin` and `transactional` of a connection take. @internal */
export interface BeginOptions {
  /** The transaction that a savepoint is taken in. */
  readonly ctx?: object;
  readonly eventBroadcaster?: Broadcaster;
}

/** What tells subscribers of the events of a transaction. @internal */
export interface Broadcaster {
  dispatchEvent(event: string, transaction?: object): Promise<unknown>;
}

/** The methods of a connection that begin and end transactions. @internal */
export const METHODS = ['transactional', 'begin', 'commit', 'rollback'] as const;

/** By what no other client has together. @internal */
export function isMikroOrm(value: object): value is MikroOrmClient {
  const em: unknown = Reflect.get(value, 'em');
  if (typeof em !== 'object' || em === null) return false;
  return (
    typeof Reflect.get(value, 'close') === 'function' &&
    ['getConnection', 'getTransactionContext', 'setTransactionContext', 'resetTransactionContext', 'fork'].every(
      (key) => typeof Reflect.get(em, key) === 'function',
    )
  );
}

/** Whether its database is one that begins transactions by SQL. @internal */
export function isSql(orm: MikroOrmClient): boolean {
  return 'getBeginTransactionSQL' in connectionOf(orm).getPlatform();
}

/** The one that all of its transactions are begun on. @internal */
export function connectionOf(orm: MikroOrmClient): MikroOrmConnection {
  const em = orm.em as unknown as { getConnection(type: 'write'): MikroOrmConnection };
  return em.getConnection('write');
}
