import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import type { MikroOrmClient } from './mikro-orm.client.js';

/** The transactions that their entity managers have put aside for a while: for `NOT_SUPPORTED` and `REQUIRES_NEW`. */
const suspended = new WeakSet<TransactionFrame>();

/** @internal */
export function isSuspended(transaction: TransactionFrame): boolean {
  return suspended.has(transaction);
}

/**
 * Watches which transaction entity managers put aside, and take up again: what is called meanwhile does not belong to it.
 *
 * @param frameOf a transaction, or a savepoint in it
 * @returns ends it
 * @internal
 */
export function watchSuspensions(
  em: MikroOrmClient['em'],
  frameOf: (trx: unknown) => TransactionFrame | undefined,
): () => void {
  const ends = [
    replaceOnClass(
      em,
      'resetTransactionContext',
      (original) =>
        function (this: MikroOrmClient['em']) {
          const frame = frameOf(this.getTransactionContext());
          if (frame !== undefined) suspended.add(frame.root);
          return original.call(this);
        },
    ),
    replaceOnClass(
      em,
      'setTransactionContext',
      (original) =>
        function (this: MikroOrmClient['em'], trx: unknown) {
          const frame = frameOf(trx);
          if (frame !== undefined) suspended.delete(frame.root);
          return original.call(this, trx);
        },
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
