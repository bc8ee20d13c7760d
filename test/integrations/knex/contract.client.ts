import { type Knex, knex as connect } from 'knex';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { freshSchema } from '../../servers.js';
import { tuned, type Tuning } from '../tuning.js';

/**
 * One of the ways in which Knex begins and ends a transaction, or a savepoint where `knex` is one.
 */
export type Begin = <T>(
  knex: Knex,
  fn: (trx: Knex.Transaction) => Promise<T>,
  config?: Knex.TransactionConfig,
) => Promise<T>;

type Rows = readonly Record<string, unknown>[];

/** Knex as the contract sees it, on a PostgreSQL schema of its own. */
export async function connectKnex(
  begin: Begin = (knex, fn, config) => knex.transaction(fn, config),
  tuning: Tuning = {},
): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  const knex = connect({
    client: 'pg',
    connection: tuned(schema.url, tuning),
    pool: { min: 0, max: tuning.max ?? 10 },
    log: { warn: () => {} },
  });
  return contractOf(
    knex,
    (answer) => (answer as { readonly rows: Rows }).rows,
    begin,
    () => schema.drop(),
  );
}

/**
 * @param rowsIn picks the rows out of what a driver answers @param drop removes the database, once
 *   nobody is connected
 */
export function contractOf(
  client: Knex,
  rowsIn: (answer: unknown) => Rows,
  begin: Begin,
  drop: () => Promise<void>,
): TransactionContractClient {
  const knex = trackKnexTransactions(client);
  const transactionOf = (trx: Knex): ContractTransaction => ({
    query: async (sql) => rowsIn(await trx.raw<unknown>(sql)),
    savepoint: (fn) => begin(trx, (inner) => fn(transactionOf(inner))),
  });
  return {
    transaction: (fn, options) =>
      begin(
        knex,
        (trx) => fn(transactionOf(trx)),
        options?.isolation && { isolationLevel: options.isolation },
      ),
    query: (sql) => transactionOf(knex).query(sql),
    close: async () => {
      await knex.destroy();
      await drop();
    },
  };
}
