import type { FrameConnection } from '../../core/transaction-frame.js';

/** What is called of a Knex instance; the real one fits. @publicApi */
export interface KnexClient {
  transaction(...args: never[]): PromiseLike<unknown>;
  transactionProvider(...args: never[]): () => PromiseLike<unknown>;
}

/** The same with the arguments it is called with. @internal */
export interface KnexTransactions {
  readonly client?: { readonly dialect?: string };
  readonly transaction: (container: (trx: KnexTransaction) => unknown, config?: object) => KnexPromise;
  withUserParams?(params: object): KnexTransactions;
}

/** @internal */
export interface KnexTransaction extends KnexTransactions {
  readonly client: { readonly dialect?: string; acquireConnection(): Promise<FrameConnectionSource> };
  commit: (value?: unknown) => Promise<unknown>;
  rollback: (error?: unknown) => Promise<unknown>;
  isCompleted: () => boolean;
  readonly executionPromise: Promise<unknown>;
  raw(sql: string): PromiseLike<unknown>;
}

/** A connection of `pg`. @internal */
export interface FrameConnectionSource {
  query(text: string, values?: unknown[]): ReturnType<FrameConnection['executeSql']>;
}

/** What `knex.transaction(handler)` returns: a promise that also emits the events of its queries. @internal */
export interface KnexPromise {
  then: Promise<unknown>['then'];
  catch: Promise<unknown>['catch'];
  finally: Promise<unknown>['finally'];
}
