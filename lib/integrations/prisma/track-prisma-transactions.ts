import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { disguised } from '../../nest/methods/wrap-method.js';
import { replaceOnClass } from '../replace-on-class.js';
import { originalOf, type PrismaClientLike } from './prisma.client.js';
import { tracking, type Transaction } from './tracked-transaction.js';

const NAME = 'prisma';

/** Options of `trackPrismaTransactions`, for messages. @publicApi */
export interface PrismaFrameOptions {
  /** For messages, as `orders database`. @default 'prisma' */
  readonly name?: string;
}

/**
 * Makes effects called in `prisma.$transaction(callback)` share its fate, and those in a nested
 * `tx.$transaction(callback)` that of its savepoint; of `prisma.$transaction([…])` those that query
 * extensions call. Changes `prisma` in place and returns it; clients that are made of it by
 * `$extends`, before or after, and those it was made of, are covered. Does nothing the second time.
 *
 * @example
 * ```ts
 * const prisma = trackPrismaTransactions(new PrismaClient({ adapter }));
 * ```
 *
 * @throws AirlockOptionsError for what is no Prisma client
 * @publicApi
 */
export function trackPrismaTransactions<P extends PrismaClientLike>(
  prisma: P,
  options: PrismaFrameOptions = {},
): P {
  if (typeof prisma?.$transaction !== 'function') {
    throw AirlockOptionsError.expected('prisma', 'a Prisma client', prisma);
  }
  requirePrisma();
  const first = originalOf(prisma);
  const place = placeOf(prisma, first);
  const original = place.$transaction as unknown as Transaction;
  if (original[TRACKS_TRANSACTIONS]) return prisma;
  const { name = NAME } = options;
  const tracked = disguised(tracking(original, name, first), original);
  Object.assign(place, {
    [TRACKS_TRANSACTIONS]: true,
    $transaction: Object.defineProperty(tracked, TRACKS_TRANSACTIONS, { value: true }),
  });
  return prisma;
}

/**
 * Does the same for all clients of the same generated class, made before or after, until it is
 * ended. Those that are tracked one by one are left to that.
 *
 * @returns a function that ends it
 * @throws PeerVersionError
 * @internal
 */
export function trackTransactionsOfClass(prisma: PrismaClientLike): () => void {
  requirePrisma();
  return replaceOnClass(classOf(prisma)!, '$transaction', (original) => {
    const tracked = tracking(original as Transaction, NAME);
    return function (this: PrismaClientLike, ...args: never[]) {
      const isTrackedAlone = (this.$transaction as Transaction)[TRACKS_TRANSACTIONS] === true;
      return (isTrackedAlone ? original : tracked).apply(this, args as never);
    };
  });
}

function requirePrisma(): void {
  requirePeer('@prisma/client', '>=6.16.0', 'nestjs-airlock/prisma');
}

/**
 * Returns the prototype of the generated class of a client, or of a class derived from it; undefined
 * for an object that only resembles a client.
 * @internal
 */
export function classOf(prisma: PrismaClientLike): object | undefined {
  let at: object | null = originalOf(prisma);
  // A client that is tracked alone has methods of its own.
  while (at !== null && !['constructor', '_request'].every((key) => Object.hasOwn(at!, key)))
    at = Object.getPrototypeOf(at) as object | null;
  return at ?? undefined;
}

/**
 * Finds the client whose `$transaction` is to be replaced: as a rule the one that `$extends` made
 * `prisma` of. Extensions reach it by `$parent`, inside transactions as well.
 */
function placeOf<P extends PrismaClientLike>(prisma: P, first: P): P {
  // An extension between the two may have a `$transaction` of its own. A proxy that makes one at each
  // access, as `prisma-extension-kysely` does, would call what is put behind it.
  const isOwn = prisma.$transaction !== first.$transaction && !isMadeAnew(prisma);
  return isOwn ? prisma : first;
}

function isMadeAnew(prisma: PrismaClientLike): boolean {
  const { $transaction } = prisma;
  return prisma.$transaction !== $transaction;
}
