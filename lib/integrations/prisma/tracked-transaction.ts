import {
  runTracked,
  trackSavepoints,
  type RunInTransaction,
} from '../../core/frame/track-transactions.js';
import { openFrame } from '../../core/frame/open-frame.js';
import type { TransactionFrame } from '../../core/frame/transaction-frame.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import type { WatchedStatements } from '../watched-statements.js';
import { ClientFrames } from './client-frames.js';
import { databaseOf } from './database.js';
import { originalOf, type PrismaTransaction } from './prisma.client.js';
import { RequestStatements } from './request.statements.js';

type Work = (tx: PrismaTransaction) => Promise<unknown>;

/** Facts about the client that others are made of: to read them off these costs more than a frame. */
interface Facts {
  readonly provider: unknown;
  readonly statements: RequestStatements;
}

/** The `$transaction` of Prisma. @internal */
export type Transaction = ((
  this: object,
  work: unknown,
  ...options: never[]
) => Promise<unknown>) & { [TRACKS_TRANSACTIONS]?: true };

/**
 * Makes a `$transaction` that tracks transactions of one that does not.
 *
 * @param name of the frames, for messages
 * @param first the client that all are made of that call it; not given for those of a class
 * @internal
 */
export function tracking(original: Transaction, name: string, first?: object): Transaction {
  const known = first && factsOf(first);
  /** Frames of clients inside transactions, which inherit `$transaction` and call it as `this`. */
  const opened = new ClientFrames();
  return function (work, ...rest) {
    const around = opened.of(this);
    if (typeof work !== 'function') {
      const run = (): Promise<unknown> => original.call(this, work, ...rest);
      // The queries run one by one in the transaction around them, without a savepoint.
      return around === undefined ? batch(run, name) : (around.callersFrame ?? around).run(run);
    }
    const { provider, statements } = known ?? factsOf(originalOf(this));
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
}

function factsOf(client: object): Facts {
  const { _activeProvider: provider } = client as { readonly _activeProvider?: unknown };
  return { provider, statements: RequestStatements.of(client) };
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
