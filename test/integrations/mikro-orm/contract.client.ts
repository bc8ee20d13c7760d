import { IsolationLevel, MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { freshSchema } from '../../servers.js';
import { inSchema } from './fixtures.js';

/**
 * One of the ways in which MikroORM begins and ends a transaction, or a savepoint where the manager
 * is in one.
 */
export type Begin = <T>(
  em: SqlEntityManager,
  isolationLevel: IsolationLevel | undefined,
  fn: (em: SqlEntityManager) => Promise<T>,
) => Promise<T>;

export const transactional: Begin = (em, isolationLevel, fn) =>
  em.transactional((inner) => fn(inner), { ...(isolationLevel && { isolationLevel }) });

export const byStatements: Begin = async (outer, isolationLevel, fn) => {
  const em = outer.fork();
  const ctx: unknown = outer.getTransactionContext();
  await em.begin({ ...(ctx !== undefined && { ctx }), ...(isolationLevel && { isolationLevel }) });
  try {
    const value = await fn(em);
    await em.commit();
    return value;
  } catch (error) {
    await em.rollback();
    throw error;
  }
};

export const contractOf = (em: SqlEntityManager, begin: Begin): ContractTransaction => ({
  query: queryOf(em),
  savepoint: (fn) => begin(em, undefined, (inner) => fn(contractOf(inner, begin))),
});

export const queryOf = (em: SqlEntityManager) => async (sql: string) =>
  em.execute<Record<string, unknown>[]>(sql);

/** MikroORM as the contract sees it, on a schema of its own. */
export async function connectMikroOrm(
  begin: Begin = transactional,
): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const orm = trackMikroOrmTransactions(
    await MikroORM.init({
      ...inSchema(schema.url),
      // MikroORM tells its instances apart by it.
      contextName: schema.url,
      discovery: { warnWhenNoEntities: false },
      entities: [],
      pool: { min: 0, max: 30 },
    }),
  );
  return {
    transaction: (fn, { isolation } = {}) =>
      begin(orm.em.fork(), isolation && IsolationLevel.SERIALIZABLE, (em) =>
        fn(contractOf(em, begin)),
      ),
    query: (sql) => queryOf(orm.em.fork())(sql),
    close: async () => {
      // Not awaited: MikroORM 7.2 never gives back what the server has killed in a transaction, so
      // that its pool does not end.
      orm.close(true).catch(() => {});
      await schema.drop();
    },
  };
}
