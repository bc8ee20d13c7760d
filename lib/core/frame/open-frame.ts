import { refuseOtherCopies } from '../../installation/installed-copies.js';
import { type FrameOptions, TransactionFrame } from './transaction-frame.js';

/**
 * Opens a frame for a transaction that has just begun, independent of any other.
 *
 * @example
 * ```ts
 * await connection.query('BEGIN');
 * const frame = openFrame({ name: 'orders database' });
 * try {
 *   await frame.run(() => orders.place(order.id));
 *   await frame.beforeCommit();
 *   await connection.query('COMMIT');
 * } catch (error) {
 *   await connection.query('ROLLBACK');
 *   frame.rollBack();
 *   throw error;
 * }
 * await frame.commit();
 * ```
 *
 * @publicApi
 */
export function openFrame(options: FrameOptions = {}): TransactionFrame {
  refuseOtherCopies();
  return new TransactionFrame(options);
}
