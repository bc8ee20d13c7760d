/** The parts of a MikroORM instance that are called; real ones fit, on SQL databases. @publicApi */
export interface MikroOrmClient {
  readonly em: {
    getConnection(...args: never[]): object;
    getTransactionContext(): unknown;
    setTransactionContext: (...args: never[]) => void;
    resetTransactionContext(): void;
  };
}

/** Connection to an SQL database, which begins and ends every transaction there is. @internal */
export interface MikroOrmConnection {
  getPlatform(): MikroOrmPlatform;
  /** Not public. */
  readonly config?: { get(key: 'dbName'): unknown };
}

/** @internal */
export interface MikroOrmPlatform {
  /** Makes errors of drivers into those of MikroORM. */
  getExceptionConverter(): { convertException(error: Error): Error };
}

/** Options of `begin` and `transactional` of a connection. @internal */
export interface BeginOptions {
  /** The transaction that a savepoint is taken in. */
  readonly ctx?: object;
  readonly eventBroadcaster?: Broadcaster;
}

/** Object that tells subscribers of the events of a transaction. @internal */
export interface Broadcaster {
  readonly em?: MikroOrmClient['em'];
  dispatchEvent(event: string, transaction?: object): Promise<unknown> | undefined;
}

/** The methods of a connection that begin and end transactions. @internal */
export const METHODS = ['transactional', 'begin', 'commit', 'rollback'] as const;

/** True for a MikroORM instance, by a set of properties that no other client has. @internal */
export function isMikroOrm(value: object): value is MikroOrmClient {
  // Getters of providers are not called: one may throw outside a request.
  const em: unknown = Object.getOwnPropertyDescriptor(value, 'em')?.value;
  if (typeof em !== 'object' || em === null) return false;
  return (
    typeof Reflect.get(value, 'close') === 'function' &&
    [
      'getConnection',
      'getTransactionContext',
      'setTransactionContext',
      'resetTransactionContext',
      'fork',
    ].every((key) => typeof Reflect.get(em, key) === 'function')
  );
}

/**
 * True for an instance on an SQL database, by a method that its platform has in every version and
 * those of other databases have not.
 * @internal
 */
export function isSql(orm: MikroOrmClient): boolean {
  return 'supportsSchemas' in connectionOf(orm).getPlatform();
}

/** Finds the connection that all transactions of an instance are begun on. @internal */
export function connectionOf(orm: MikroOrmClient): MikroOrmConnection {
  const em = orm.em as unknown as { getConnection(type: 'write'): MikroOrmConnection };
  return em.getConnection('write');
}
