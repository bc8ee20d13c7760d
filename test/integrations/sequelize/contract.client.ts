import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { QueryTypes, Sequelize, Transaction } from 'sequelize';
import { freshSchema } from '../../servers.js';

/**
 * One of the ways in which Sequelize begins and ends a transaction, or a savepoint where it is
 * given one.
 */
export type Begin = <T>(
  sequelize: Sequelize,
  options: { isolationLevel?: Transaction.ISOLATION_LEVELS; transaction?: Transaction },
  fn: (transaction: Transaction) => Promise<T>,
) => Promise<T>;

export const managed: Begin = (sequelize, options, fn) => sequelize.transaction(options, fn);

export const unmanaged: Begin = async (sequelize, options, fn) => {
  const transaction = await sequelize.transaction(options);
  try {
    const value = await fn(transaction);
    await transaction.commit();
    return value;
  } catch (error) {
    await transaction.rollback().catch(() => {});
    throw error;
  }
};

/** Sequelize as the contract sees it, on a schema of its own. */
export async function connectSequelize(begin: Begin = managed): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const sequelize = trackSequelizeTransactions(
    new Sequelize(schema.url, {
      logging: false,
      pool: { max: 30 },
      dialectOptions: { options: new URL(schema.url).searchParams.get('options') },
    }),
  );
  const queryOf = (transaction?: Transaction) => async (text: string) =>
    sequelize.query<Record<string, unknown>>(text, {
      type: /^\s*select/i.test(text) ? QueryTypes.SELECT : QueryTypes.RAW,
      ...(transaction && { transaction }),
    } as { type: QueryTypes.SELECT });
  const contractOf = (transaction: Transaction): ContractTransaction => ({
    query: queryOf(transaction),
    savepoint: (fn) => begin(sequelize, { transaction }, (inner) => fn(contractOf(inner))),
  });
  return {
    transaction: (fn, { isolation } = {}) =>
      begin(
        sequelize,
        isolation === undefined
          ? {}
          : { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE },
        (transaction) => fn(contractOf(transaction)),
      ),
    query: queryOf(),
    close: async () => {
      await sequelize.close();
      await schema.drop();
    },
  };
}
