import {
  runTracked,
  trackSavepoints,
  type RunInTransaction,
} from '../../core/frame/track-transactions.js';
import { openFrame } from '../../core/frame/open-frame.js';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { disguised } from '../../nest/methods/wrap-method.js';
import type { WatchedStatements } from '../watched-statements.js';
import { ClientFrames } from './client-frames.js';
import { databaseOf } from './database.js';
import type { PrismaClientLike, PrismaTransaction } from './prisma.client.js';
import { RequestStatements } from './request.statements.js';

/** Options of `trackPrismaTransactions`, for messages. @publicApi */
export interface PrismaFrameOptions {
  /** For messages, as `orders database`. @default 'prisma' */
  readonly name?: string;
}

type Work = (tx: PrismaTransaction) => Promise<unknown>;
type Transaction = ((this: object, work: unknown, ...options: never[]) => Promise<unknown>) & {
  [TRACKS_TRANSACTIONS]?: true;
};

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
  requirePeer('@prisma/client', '>=6.16.0', 'nestjs-airlock/prisma');
  const { _originalClient: first = prisma } = prisma as { readonly _originalClient?: P };
  const place = placeOf(prisma, first);
  const original = place.$transaction as unknown as Transaction;
  if (original[TRACKS_TRANSACTIONS]) return prisma;
  const { name = 'prisma' } = options;
  const provider: unknown = (prisma as { readonly _activeProvider?: unknown })._activeProvider;
  /** Frames of clients inside transactions, which inherit `$transaction` and call it as `this`. */
  const opened = new ClientFrames();
  const statements = RequestStatements.of(first);

  const tracking: Transaction = function (work, ...rest) {
    const around = opened.of(this);
    if (typeof work !== 'function') {
      const run = (): Promise<unknown> => original.call(this, work, ...rest);
      // The queries run one by one in the transaction around them, without a savepoint.
      return around === undefined ? batch(run, name) : (around.callersFrame ?? around).run(run);
    }
    let frame: TransactionFrame | undefined;
    const note = (): void => frame?.owner.noteStatement();
    let seen: WatchedStatements | undefined;
    const transaction: RunInTransaction<PrismaTransaction, []> = (callback) => {
      const watched = (tx: PrismaTransaction) =>
        statements.during(tx, note, (those) => ((seen = those), callback(tx)));
      return original.call(this, around === undefined ? watched : callback, ...rest) as never;
    };
    const running: Work = (tx) => {
      opened.add(tx, frame!);
      return (work as Work)(tx);
    };
    const open = (tx: PrismaTransaction): TransactionFrame => {
      const database = databaseOf(provider, tx, seen);
      return (frame = openFrame({ name, tx: () => tx, ...database }));
    };
    return around === undefined
      ? runTracked(transaction, open, running)
      : trackSavepoints(transaction, () => (frame = around.savepoint()))(running);
  };
  Object.assign(place, {
    [TRACKS_TRANSACTIONS]: true,
    $transaction: Object.defineProperty(disguised(tracking, original), TRACKS_TRANSACTIONS, {
      value: true,
    }),
  });
  return prisma;
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

/**
 * Runs an array of queries in a frame, with whatever extensions do around each. Nothing can be
 * written just before its COMMIT.
 */
async function batch(run: () => Promise<unknown>, name: string): Promise<unknown> {
  const frame = openFrame({ name });
  let results: unknown;
  try {
    results = await frame.run(run);
  } catch (error) {
    frame.rollBack();
    throw error;
  }
  await frame.commit();
  return results;
}
