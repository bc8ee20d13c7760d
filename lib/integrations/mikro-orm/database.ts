import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import { isError } from '../../errors/thrown.js';
import {
  isInTransaction,
  isInTransactionByConnection,
  type MariadbConnection,
  NO_OPERATION,
} from '../ended-by-server.js';
import type { KnexTransaction } from '../knex/knex.client.js';
import { KnexConnection } from '../knex/knex.connection.js';
import { statementsOnConnection } from '../kysely/connection.statements.js';
import type { KyselyTransaction } from '../kysely/kysely.client.js';
import { KyselyConnection } from '../kysely/kysely.connection.js';
import type { MikroOrmPlatform } from './mikro-orm.client.js';

/** A transaction of Knex in MikroORM 6, of Kysely in MikroORM 7. @internal */
export type MikroOrmTransaction = KnexTransaction | KyselyTransaction;

/** Database of a transaction, as its frame asks about it. */
interface Database {
  /** Its statements fail as those of Knex or Kysely do: see `withErrorsOf`. */
  readonly connection: FrameConnection | undefined;
  readonly isStillOpen?: (() => boolean | Promise<boolean>) | undefined;
}

/** @internal */
export function databaseOf(trx: MikroOrmTransaction, name: string): Database {
  if (!isKnex(trx)) {
    const connection = KyselyConnection.of(trx, statementsOnConnection(trx));
    return { connection, isStillOpen: connection && (() => connection.isStillOpen()) };
  }
  const { dialect } = trx.client;
  const connection = KnexConnection.of(dialect, name);
  connection?.use(trx);
  switch (dialect) {
    case 'mysql':
      return { connection, isStillOpen: () => isInKnexTransaction(trx) };
    case 'postgresql':
      return { connection, isStillOpen: () => connection!.isStillOpen() };
    default:
      return { connection };
  }
}

/** Lets statements fail as those of MikroORM do. @internal */
export function withErrorsOf(
  platform: MikroOrmPlatform,
  connection: FrameConnection,
): FrameConnection {
  return {
    ...(connection.dialect && { dialect: connection.dialect }),
    executeSql: async (text, values) => {
      try {
        return await connection.executeSql(text, values);
      } catch (error) {
        throw isError(error) ? platform.getExceptionConverter().convertException(error) : error;
      }
    },
  };
}

/** The driver of MySQL hands out the status of a statement, that of MariaDB does not. */
async function isInKnexTransaction(trx: KnexTransaction): Promise<boolean> {
  const { driverName } = trx.client as { readonly driverName?: string };
  if (driverName === 'mariadb') {
    const connection: MariadbConnection = await trx.client.acquireConnection();
    return isInTransactionByConnection(connection, () => trx.raw(NO_OPERATION));
  }
  const [answer] = (await trx.raw(NO_OPERATION)) as readonly unknown[];
  return isInTransaction(answer);
}

/**
 * Keeps the answer of PostgreSQL to the COMMIT, which may be a rollback after a failed statement
 * whose error was swallowed. Knex passes that on.
 *
 * @returns gives it, after the COMMIT; undefined where that fails instead, or none was sent
 * @internal
 */
export function answerOfCommit(trx: MikroOrmTransaction): () => Promise<unknown> | undefined {
  if (!isKnex(trx)) return () => undefined;
  const { commit } = trx;
  let answer: Promise<unknown> | undefined;
  trx.commit = (value) => (answer = commit(value));
  return () => answer;
}

/** @internal */
export function isRollback(answer: unknown): boolean {
  const { response } = (answer ?? {}) as { readonly response?: { readonly command?: string } };
  return response?.command === 'ROLLBACK';
}

function isKnex(trx: MikroOrmTransaction): trx is KnexTransaction {
  return 'client' in trx;
}
