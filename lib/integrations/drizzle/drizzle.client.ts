/** The parts of a Drizzle database that are called; the real ones fit. @publicApi */
export interface DrizzleDatabase {
  /** Synchronous on some drivers of SQLite. */
  transaction: (callback: never, ...rest: never[]) => unknown;
}

/** Database that `withReplicas` makes of several. @internal */
export interface Replicated {
  readonly $primary?: DrizzleDatabase;
  readonly $replicas?: readonly DrizzleDatabase[];
}

/** The used parts of the transaction that a callback gets. @internal */
export interface DrizzleTransaction extends DrizzleDatabase {
  /**
   * Sends a statement; the drivers of `pg` and its kin send their own COMMIT through it. Absent on
   * others.
   */
  execute?: (query: never) => PromiseLike<unknown>;
  /** Holds its session, on PostgreSQL. */
  readonly _?: { readonly session?: DrizzleSession };
  /** Its session on other databases. */
  readonly session?: DrizzleSession;
}

interface DrizzleSession {
  /** Connection of the driver: of node-postgres, a client of `pg`. */
  readonly client?: unknown;
  prepareQuery(
    query: { readonly sql: string; readonly params: unknown[] },
    fields: undefined,
    name: undefined,
    isResponseInArrayMode: boolean,
  ): { execute(): Promise<unknown>; /** On SQLite only. */ run?(): unknown };
}

/** Symbol by which Drizzle tells its classes apart, across installed copies too. */
const ENTITY_KIND = Symbol.for('drizzle:entityKind');

/** True for a database, and for a transaction, which is a database too. @internal */
export function isDrizzle(value: object): value is DrizzleDatabase {
  return /(Database|Transaction)$/.test(kindOf(value));
}

/**
 * The prototype that declares `transaction` for a database's class, as a rule that of its dialect;
 * undefined for a transaction.
 * @internal
 */
export function declarerOf(db: object): object | undefined {
  if (!kindOf(db).endsWith('Database')) return undefined;
  let at = Object.getPrototypeOf(db) as object | null;
  while (at !== null && !Object.hasOwn(at, 'transaction'))
    at = Object.getPrototypeOf(at) as object | null;
  return at ?? undefined;
}

/** @internal */
export function isSynchronous(db: object): boolean {
  return (db as { resultKind?: unknown }).resultKind === 'sync';
}

/** True for an instance of one of Drizzle's classes, or of one derived from it. @internal */
export function isOfKind(db: object, name: string): boolean {
  for (
    let kind: unknown = db.constructor;
    typeof kind === 'function';
    kind = Object.getPrototypeOf(kind)
  ) {
    if ((kind as { [ENTITY_KIND]?: unknown })[ENTITY_KIND] === name) return true;
  }
  return false;
}

function kindOf({ constructor }: object): string {
  return (constructor as { [ENTITY_KIND]?: string } | undefined)?.[ENTITY_KIND] ?? '';
}
