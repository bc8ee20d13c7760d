import { type Knex, knex as connect } from 'knex';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { freshSchema } from '../../servers.js';
import { tuned, type Tuning } from '../tuning.js';

/** One of the ways in which Knex begins and ends a transaction, or a savepoint where `knex` is one. */
export type Begin = <T>(
  knex: Knex,
  fn: (trx: Knex.Transaction) => Promise<T>,
  config?: Knex.TransactionConfig,
) => Promise<T>;

/** Knex as the contract sees it, on a schema of its own. */
export async function connectKnex(
  begin: Begin = (knex, fn, config) => knex.transaction(fn, config),
  tuning: Tuning = {},
): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const knex = trackKnexTransactions(
    connect({
      client: 'pg',
      connection: tuned(schema.url, tuning),
      pool: { min: 0, max: tuning.max ?? 10 },
      log: { warn: () => {} },
    }),
  );
  const contractOf = (trx: Knex): ContractTransaction => ({
    query: async (sql) => (await trx.raw<{ rows: Record<string, unknown>[] }>(sql)).rows,
    savepoint: (fn) => begin(trx, (inner) => fn(contractOf(inner))),
  });
  return {
    transaction: (fn, options) =>
      begin(knex, (trx) => fn(contractOf(trx)), options?.isolation && { isolationLevel: options.isolation }),
    query: (sql) => contractOf(knex).query(sql),
    close: async () => {
      await knex.destroy();
      await schema.drop();
    },
  };
}
