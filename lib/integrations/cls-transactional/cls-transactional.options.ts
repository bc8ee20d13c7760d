import type { FrameConnection } from '../../core/frame/transaction-frame.js';

/**
 * Options of `trackClsTransactions`, which say how it sees the transactions of an adapter.
 * @publicApi
 */
export interface ClsFrameOptions<Tx = unknown> {
  /**
   * For messages, as `orders database`. @default the name of the connection, else
   * 'cls-transactional'
   */
  readonly name?: string;
  /**
   * Returns the connection that transactional executors write through. @default TypeORM's and
   * Drizzle's own; none for other clients
   */
  connection?(tx: Tx): FrameConnection;
  /**
   * Asked just before COMMIT of a transaction that something waits for: false if the server has
   * ended it by itself, as MySQL does after a deadlock. @default always true; TypeORM, Drizzle and
   * Knex ask by themselves
   */
  isStillOpen?(tx: Tx): Promise<boolean>;
}
