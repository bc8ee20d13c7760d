/** Name of every frame, for messages. @internal */
export const FRAME_NAME = 'Kysely transaction';

/**
 * The parts of a Kysely instance that are called; real ones fit, whatever their tables. @publicApi
 */
export interface KyselyClient {
  transaction(): { execute: (callback: never) => Promise<unknown> };
  /** From Kysely 0.28 on. */
  startTransaction?(): { execute: () => Promise<unknown> };
}

/** A transaction, with a callback or controlled. @internal */
export interface KyselyTransaction {
  getExecutor(): KyselyExecutor;
  withoutPlugins(): KyselyTransaction;
  executeQuery(query: object): Promise<{ readonly rows: unknown[] }>;
}

/** Object through which statements are sent, one for each list of plugins. @internal */
export interface KyselyExecutor {
  readonly adapter: {
    readonly supportsReturning: boolean;
    readonly supportsTransactionalDdl: boolean;
  };
  executeQuery: (...args: never[]) => Promise<unknown>;
  stream: (...args: never[]) => unknown;
  provideConnection(consumer: (connection: KyselyConnection) => Promise<void>): Promise<void>;
  withPlugin: (...args: never[]) => KyselyExecutor;
  withPlugins: (...args: never[]) => KyselyExecutor;
  withPluginAtFront: (...args: never[]) => KyselyExecutor;
  withoutPlugins: (...args: never[]) => KyselyExecutor;
}

/** Connection of a driver, the same object for one transaction after the other. @internal */
export interface KyselyConnection {
  executeQuery: (...args: never[]) => Promise<unknown>;
  streamQuery: (...args: never[]) => unknown;
}

/** Statement of Kysely that is yet to be sent. @internal */
export interface KyselyCommand {
  execute: () => Promise<unknown>;
}

/**
 * Tells by methods that no other client has together. A transaction of Kysely is an instance too,
 * but begins none.
 * @internal
 */
export function isKysely(value: object): value is KyselyClient {
  if (Reflect.get(value, 'isTransaction') === true) return false;
  return ['transaction', 'withSchema', 'getExecutor'].every(
    (key) => typeof Reflect.get(value, key) === 'function',
  );
}
