import { AsyncLocalStorage } from 'node:async_hooks';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import type { MikroOrmClient } from './mikro-orm.client.js';

/**
 * Call of `em.transactional`, with the transactions that it suspends while it runs, for
 * `NOT_SUPPORTED` and `REQUIRES_NEW`.
 */
interface Aside {
  readonly around: Aside | undefined;
  readonly transactions: Set<TransactionFrame>;
}

/**
 * The innermost suspending call that code runs in. Code outside that call still belongs to the
 * transaction.
 */
const asides = new AsyncLocalStorage<Aside>();

/** True if the caller runs where the transaction is suspended. @internal */
export function isSuspended(transaction: TransactionFrame): boolean {
  for (let at = asides.getStore(); at !== undefined; at = at.around) {
    if (at.transactions.has(transaction)) return true;
  }
  return false;
}

/**
 * Watches which transactions entity managers suspend and resume: calls in between do not belong to
 * them.
 *
 * @param frameOf a transaction, or a savepoint in it
 * @returns a function that ends it
 * @internal
 */
export function watchSuspensions(
  em: MikroOrmClient['em'],
  frameOf: (trx: unknown) => TransactionFrame | undefined,
): () => void {
  const ends = [
    replaceOnClass(
      em,
      'transactional',
      (original) =>
        function (this: MikroOrmClient['em'], ...args) {
          // There is nothing to suspend.
          if (frameOf(this.getTransactionContext()) === undefined)
            return original.apply(this, args);
          return asides.run({ around: suspending(), transactions: new Set() }, () =>
            original.apply(this, args),
          );
        },
    ),
    replaceOnClass(
      em,
      'resetTransactionContext',
      (original) =>
        function (this: MikroOrmClient['em']) {
          const frame = frameOf(this.getTransactionContext());
          if (frame?.isOpen === true) asides.getStore()?.transactions.add(wholeOf(frame));
          return original.call(this);
        },
    ),
    replaceOnClass(
      em,
      'setTransactionContext',
      (original) =>
        function (this: MikroOrmClient['em'], trx: unknown) {
          const frame = frameOf(trx);
          if (frame !== undefined) asides.getStore()?.transactions.delete(wholeOf(frame));
          return original.call(this, trx);
        },
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/**
 * Runs effects that waited for a transaction as if its entity manager had forgotten it. The manager
 * forgets it later, or never.
 *
 * @param em the manager that began it, if known
 * @param fn does not throw
 * @internal
 */
export function outside(
  trx: object,
  em: MikroOrmClient['em'] | undefined,
  fn: () => void | Promise<void>,
): void | Promise<void> {
  if (em?.getTransactionContext() !== trx) return fn();
  const goBack = (): void => em.setTransactionContext(trx as never);
  // Not `resetTransactionContext`: this suspends nothing, as the transaction has ended. Version 6
  // also deletes a property there, which turns its manager into a slow object.
  em.setTransactionContext(undefined as never);
  const running = fn();
  if (running) return running.finally(goBack);
  goBack();
}

/**
 * Returns the innermost call around that has suspended a transaction. Calls that suspend none are
 * skipped: a timer that begins transaction after transaction would chain them.
 */
function suspending(): Aside | undefined {
  let at = asides.getStore();
  while (at !== undefined && at.transactions.size === 0) at = at.around;
  return at;
}

/**
 * Returns the frame of the whole transaction on its connection, which may be the one around a test.
 */
function wholeOf(frame: TransactionFrame): TransactionFrame {
  return frame.below === undefined ? frame : wholeOf(frame.below);
}
