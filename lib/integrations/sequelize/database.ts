import type { SqlDialect } from '../../core/model/dispatch-context.js';
import type { FrameConnection, FrameOptions } from '../../core/frame/transaction-frame.js';
import {
  answersInTransaction,
  isInTransaction,
  isInTransactionByConnection,
  isInTransactionByStatus,
  NO_OPERATION,
} from '../ended-by-server.js';
import { isError } from '../../errors/thrown.js';
import { rowsIn } from '../rows-in.js';
import type { SequelizeInstance, SequelizeTransaction } from './sequelize.client.js';

/**
 * Returns the options of frames that depend on the transaction's database.
 *
 * @param transaction returns the transaction, once it has begun
 * @internal
 */
export function databaseOf(
  sequelize: SequelizeInstance,
  transaction: () => SequelizeTransaction,
): Pick<FrameOptions, 'connection' | 'isStillOpen'> {
  const query = (sql: string, options = {}): Promise<unknown> =>
    sequelize.query(sql, { transaction: transaction(), logging: false, ...options });
  // Sequelize puts the values into the text itself, escaped for its database.
  const connectionOn = (dialect: SqlDialect): FrameConnection => ({
    dialect,
    executeSql: async (text, values = []) => ({
      rows: rowsIn(await query(text, { replacements: values })),
    }),
  });
  switch (sequelize.getDialect()) {
    case 'postgres':
      return {
        connection: {
          dialect: 'postgres',
          executeSql: async (text, values) => {
            try {
              return await transaction().connection.query(text, values);
            } catch (error) {
              throw isError(error) ? new sequelize.constructor.DatabaseError(error) : error;
            }
          },
        },
        isStillOpen: () =>
          isInTransactionByStatus(transaction().connection) ?? answersInTransaction(query),
      };
    case 'mariadb':
      return {
        connection: connectionOn('mysql'),
        isStillOpen: () =>
          isInTransactionByConnection(transaction().connection, () => query(NO_OPERATION)),
      };
    case 'mysql':
      return {
        connection: connectionOn('mysql'),
        isStillOpen: async () =>
          isInTransaction(((await query(NO_OPERATION)) as readonly unknown[])[0]),
      };
    case 'sqlite':
      return { connection: connectionOn('sqlite') };
    default:
      return {};
  }
}
