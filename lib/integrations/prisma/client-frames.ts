import type { TransactionFrame } from '../../core/frame/transaction-frame.js';

/** Key under which a client of Prisma 7 has its transaction. */
const PLACE = Symbol.for('prisma.client.transaction.scope_context');

/**
 * Place of a client: `scopeState` is one object for a whole transaction, `scopeId` is a string of
 * each savepoint.
 */
interface Place {
  readonly txId?: unknown;
  readonly scopeState: object;
  readonly scopeId: unknown;
}

/** Key under which a client of Prisma 6 has its transaction. */
const ID = Symbol.for('prisma.client.transaction.id');

/**
 * Finds the id that Prisma gives the transaction of a client in its requests; undefined in versions
 * without one.
 *
 * @internal
 */
export function transactionIdOf(client: object): unknown {
  return placeOf(client).txId ?? (client as { readonly [ID]?: unknown })[ID];
}

/** True for a client in whose transaction Prisma takes savepoints. @internal */
export function takesSavepoints(client: object): boolean {
  return placeOf(client).scopeState !== client;
}

/**
 * Finds the frame of a client inside a transaction. Prisma makes more of these clients than the one
 * for the callback: `$parent`, which extensions use, is a new object each time.
 *
 * @internal
 */
export class ClientFrames {
  /** A transaction has few open savepoints, and most have none. */
  private readonly transactions = new WeakMap<object, readonly Opened[]>();

  of(client: object): TransactionFrame | undefined {
    const { scopeState, scopeId } = placeOf(client);
    return this.transactions.get(scopeState)?.find(({ id }) => id === scopeId)?.frame;
  }

  /** @param client argument of the callback of its transaction or savepoint */
  add(client: object, frame: TransactionFrame): void {
    const { scopeState, scopeId: id } = placeOf(client);
    // Otherwise a transaction that takes savepoint after savepoint would collect them.
    const open = this.transactions.get(scopeState)?.filter((one) => one.frame.isOpen) ?? [];
    this.transactions.set(scopeState, [{ id, frame }, ...open]);
  }
}

/** Transaction or savepoint that is open. */
interface Opened {
  readonly id: unknown;
  readonly frame: TransactionFrame;
}

/**
 * Returns the place of a client. Prisma before 7.5 has no savepoints, and one client for each
 * transaction, which is its own place. So is that of a version whose keys are others.
 */
function placeOf(client: object): Place {
  const place = (client as { readonly [PLACE]?: { readonly scopeState?: unknown } | null })[PLACE];
  const isTold = typeof place?.scopeState === 'object' && place.scopeState !== null;
  return isTold ? (place as Place) : { scopeState: client, scopeId: undefined };
}
