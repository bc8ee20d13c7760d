/** What is called of a Drizzle database; the real ones fit, except those whose transactions are synchronous. @publicApi */
export interface DrizzleDatabase {
  transaction: (callback: never, ...rest: never[]) => Promise<unknown>;
  /** On SQLite only; not called, but telling: where it is synchronous, transactions are. */
  readonly run?: (query: never) => PromiseLike<unknown>;
}

/** What is called of the transaction it hands to a callback. @internal */
export interface DrizzleTransaction extends DrizzleDatabase {
  /** Where the drivers of `pg` and its kin send their own COMMIT through; absent on others. */
  execute?: (query: never) => PromiseLike<unknown>;
  /** Its session, on PostgreSQL only. */
  readonly _?: { readonly session?: DrizzleSession };
}

/** @internal */
export interface DrizzleSession {
  prepareQuery(
    query: { readonly sql: string; readonly params: unknown[] },
    fields: undefined,
    name: undefined,
    isResponseInArrayMode: boolean,
  ): { execute(): Promise<unknown> };
}
