import type { SqlDialect } from '../../core/model/dispatch-context.js';
import type { FrameConnection, FrameOptions } from '../../core/frame/transaction-frame.js';
import { isError } from '../../errors/thrown.js';
import { answersInTransaction, isInTransactionBySql, succeeds } from '../ended-by-server.js';
import type { WatchedStatements } from '../watched-statements.js';
import { takesSavepoints, transactionIdOf } from './client-frames.js';
import type { PrismaTransaction } from './prisma.client.js';

/**
 * Returns the options of frames that depend on the transaction's database.
 *
 * @param provider as the schema names it
 * @param statements those of the transaction, where they are seen
 * @internal
 */
export function databaseOf(
  provider: unknown,
  tx: PrismaTransaction,
  statements: WatchedStatements | undefined,
): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const query = (sql: string, ...values: unknown[]): PromiseLike<unknown> =>
    tx.$queryRawUnsafe(sql, ...values);
  const connectionOn = (dialect: SqlDialect): FrameConnection => ({
    dialect,
    executeSql: async (text, values = []) => {
      try {
        return { rows: (await query(text, ...values)) as unknown[] };
      } catch (error) {
        throw asConflict(error);
      }
    },
  });
  const ask = (): Promise<boolean> => answersInTransaction(query);
  switch (provider) {
    case 'postgresql':
    case 'cockroachdb':
      return {
        connection: connectionOn('postgres'),
        isStillOpen: () => statements?.leaveItOpen(ask) ?? ask(),
      };
    case 'mysql':
      return {
        connection: connectionOn('mysql'),
        isStillOpen: () => isInTransactionBySql(query, () => keepsSavepoint(tx), statements),
      };
    case 'sqlite':
      return { connection: connectionOn('sqlite') };
    default:
      return {};
  }
}

/** Matches how Prisma tells of a serialization failure or a deadlock of a raw query. */
const CONFLICT = /Code: `(?:40001|40P01|1213)`/;

/** Gives the error of a raw query the code that Prisma has for a conflict in all others. */
function asConflict(error: unknown): unknown {
  const isConflict = isError(error) && CONFLICT.test(error.message);
  return isConflict ? Object.assign(error, { code: 'P2034' }) : error;
}

/** The private part of a client that begins and ends transactions, and savepoints in them. */
interface Engine {
  transaction(
    action: 'start' | 'commit',
    headers: object,
    which: object,
  ): Promise<{ readonly id: unknown } | undefined>;
}

/**
 * Takes and releases a savepoint, which the driver adapter sends without preparing it. Not by
 * `tx.$transaction`: where the release fails, that rolls back the whole transaction.
 *
 * @returns false if the server had no savepoint to release, so that it has no transaction;
 *   undefined where Prisma or its driver adapter takes none
 */
async function keepsSavepoint(tx: PrismaTransaction): Promise<boolean | undefined> {
  const id = transactionIdOf(tx);
  const { _engine: engine } = tx as { readonly _engine?: Partial<Engine> };
  if (!takesSavepoints(tx) || typeof engine?.transaction !== 'function') return undefined;
  // The limits are required, and hold for the transaction around alone.
  const limits = { timeout: 1, maxWait: 1 };
  const taken = await engine.transaction('start', {}, { newTxId: id, ...limits }).catch(() => {});
  if (taken?.id !== id) return undefined;
  return succeeds(engine.transaction('commit', {}, { id }));
}
