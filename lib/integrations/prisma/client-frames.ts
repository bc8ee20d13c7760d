import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/** The key under which Prisma 7 tells its own clients which transaction they are in. */
const PLACE = Symbol.for('prisma.client.transaction.scope_context');

/**
 * `scopeState` is one object for a whole transaction, `scopeId` another string for each savepoint
 * of it.
 */
interface Place {
  readonly txId?: unknown;
  readonly scopeState: object;
  readonly scopeId: unknown;
}

/** The key under which Prisma 6 has the same. */
const ID = Symbol.for('prisma.client.transaction.id');

/**
 * Finds what Prisma calls the transaction of a client in its requests; undefined where another
 * version tells nothing.
 *
 * @internal
 */
export function transactionIdOf(client: object): unknown {
  return placeOf(client).txId ?? (client as { readonly [ID]?: unknown })[ID];
}

/**
 * The frames of transactions by the clients that Prisma makes for them. It makes more than the one
 * it hands to the callback: `$parent`, as extensions see it, is a new object each time.
 *
 * @internal
 */
export class ClientFrames {
  private readonly transactions = new WeakMap<object, Map<unknown, TransactionFrame>>();

  of(client: object): TransactionFrame | undefined {
    const { scopeState, scopeId } = placeOf(client);
    return this.transactions.get(scopeState)?.get(scopeId);
  }

  /** @param client what the callback of its transaction or savepoint is given */
  add(client: object, frame: TransactionFrame): void {
    const { scopeState, scopeId } = placeOf(client);
    const open = this.transactions.get(scopeState) ?? new Map<unknown, TransactionFrame>();
    // Or a transaction that takes savepoint after savepoint would collect them.
    for (const [id, other] of open) if (!other.isOpen) open.delete(id);
    this.transactions.set(scopeState, open.set(scopeId, frame));
  }
}

/**
 * Prisma 6 has no savepoints, and a single client for each transaction. Nor does a place that
 * another version tells differently break any.
 */
function placeOf(client: object): Place {
  const place = (client as { readonly [PLACE]?: { readonly scopeState?: unknown } | null })[PLACE];
  const isTold = typeof place?.scopeState === 'object' && place.scopeState !== null;
  return isTold ? (place as Place) : { scopeState: client, scopeId: undefined };
}
