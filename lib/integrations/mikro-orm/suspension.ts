import { AsyncLocalStorage } from 'node:async_hooks';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import type { MikroOrmClient } from './mikro-orm.client.js';

/**
 * One call of `em.transactional`, and the transactions that it has put aside while it runs: for
 * `NOT_SUPPORTED` and `REQUIRES_NEW`.
 */
interface Aside {
  readonly around: Aside | undefined;
  readonly transactions: Set<TransactionFrame>;
}

/** The call that code runs in: what runs beside it still belongs to the transaction. */
const asides = new AsyncLocalStorage<Aside>();

/** True if the caller runs where the transaction has been put aside. @internal */
export function isSuspended(transaction: TransactionFrame): boolean {
  for (let at = asides.getStore(); at !== undefined; at = at.around) {
    if (at.transactions.has(transaction)) return true;
  }
  return false;
}

/**
 * Watches which transaction entity managers put aside, and take up again: what is called meanwhile
 * does not belong to it.
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
      'transactional',
      (original) =>
        function (this: MikroOrmClient['em'], ...args) {
          // There is nothing to put aside.
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
 * Runs what waited for a transaction, while its entity manager still holds it: it is forgotten
 * afterwards only, or never.
 *
 * @param em the one that has begun it, if that is known
 * @internal
 */
export async function outside(
  trx: object,
  em: MikroOrmClient['em'] | undefined,
  fn: () => Promise<void>,
): Promise<void> {
  if (em?.getTransactionContext() !== trx) return fn();
  // Nothing is put aside: it has ended.
  asides.run(undefined as never, () => em.resetTransactionContext());
  try {
    await fn();
  } finally {
    em.setTransactionContext(trx as never);
  }
}

/**
 * The innermost call around that has put a transaction aside. Others are skipped, or timers that
 * begin transaction after transaction would chain them.
 */
function suspending(): Aside | undefined {
  let at = asides.getStore();
  while (at !== undefined && at.transactions.size === 0) at = at.around;
  return at;
}

/** The frame of the whole transaction on its connection, which may be that around a test. */
function wholeOf(frame: TransactionFrame): TransactionFrame {
  return frame.below === undefined ? frame : wholeOf(frame.below);
}
