import type { FrameConnection } from '../model/dispatch-context.js';

/** Options of a transaction. @publicApi */
export interface FrameOptions {
  /** For messages, as `orders database`. @default 'transaction' */
  readonly name?: string;
  /**
   * The connection that a transactional executor writes through. @default none: such an executor
   * refuses to write in this transaction
   */
  readonly connection?: FrameConnection;
  /**
   * Returns the transaction as its own client knows it, such as TypeORM's `EntityManager`. Called
   * when a transactional executor writes in it.
   *
   * @default none
   */
  tx?(): unknown;
  /** True if savepoints can be opened in it. @default true */
  readonly savepoints?: boolean;
  /**
   * Called at each call made in it: false while its library has suspended it, so that the call
   * belongs to the next outer one. @default always true
   */
  isCurrent?(): boolean;
  /**
   * Called just before COMMIT, if an effect was called in it: false if the server has ended the
   * transaction by itself without failing the COMMIT, as MySQL does after a deadlock. Then it is
   * rolled back. @default always true
   */
  isStillOpen?(): boolean | Promise<boolean>;
  /**
   * False for a synchronous driver, whose COMMIT waits for nothing: a call of an effect whose
   * executor is transactional is refused in it, and rolls it back.
   *
   * @default true
   */
  readonly waitsForWrites?: boolean;
  /**
   * For the transaction around a test, which is always rolled back: effects in it belong to no
   * transaction, and the savepoints in it behave as transactions of their own. @default false
   */
  readonly countsAsCommitted?: boolean;
}

/** The state of a transaction or savepoint. @publicApi */
export type FrameState = 'open' | 'released' | 'committed' | 'rolledBack';
