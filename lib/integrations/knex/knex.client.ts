import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import type { MariadbConnection } from '../ended-by-server.js';

/** The parts of a Knex instance that are called; the real one fits. @publicApi */
export interface KnexClient {
  transaction(...args: never[]): PromiseLike<unknown>;
  transactionProvider(...args: never[]): () => PromiseLike<unknown>;
}

/** An instance, and a transaction. @internal */
export interface KnexInstance extends KnexClient {
  /** Context whose functions those of the instance, and Knex itself, call. */
  readonly context: KnexContext;
  readonly client: KnexDialect;
}

/** @internal */
export interface KnexContext {
  transaction: (handler: (trx: KnexTransaction) => unknown, config?: object) => KnexPromise;
  transactionProvider: (config?: object) => () => PromiseLike<unknown>;
  withUserParams: (params: object) => KnexInstance;
}

/** Dialect that all instances of one database have in common. @internal */
export interface KnexDialect {
  readonly dialect?: string;
  transaction: (
    handler: (trx: KnexTransaction) => unknown,
    config?: object,
    outer?: object | null,
  ) => KnexPromise;
}

/** @internal */
export interface KnexTransaction extends KnexInstance {
  on(event: 'query', listener: (query: { readonly sql?: unknown }) => void): unknown;
  readonly client: KnexDialect & { acquireConnection(): Promise<FrameConnectionSource> };
  commit: (value?: unknown) => Promise<unknown>;
  rollback: (error?: unknown) => Promise<unknown>;
  isCompleted: () => boolean;
  readonly executionPromise: Promise<unknown>;
  raw(sql: string, values?: unknown[]): PromiseLike<unknown>;
}

/** A connection of the driver, as of `pg`. */
interface FrameConnectionSource extends MariadbConnection {
  query(text: string, values?: unknown[]): ReturnType<FrameConnection['executeSql']>;
}

/**
 * Result of `knex.transaction(handler)`: a promise that also emits the events of its queries.
 * @internal
 */
export interface KnexPromise {
  then: Promise<unknown>['then'];
  catch: Promise<unknown>['catch'];
  finally: Promise<unknown>['finally'];
}
