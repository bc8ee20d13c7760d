import { type Knex, knex as connect } from 'knex';
import { describeTransactionContract } from 'nestjs-airlock/testing';
import { describeWith, freshMariadb, mariadb, postgres } from '../../servers.js';
import { type Begin, connectKnex, contractOf } from './contract.client.js';

const styles: Readonly<Record<string, Begin>> = {
  'with a handler that returns a promise': (knex, fn, config) => knex.transaction(fn, config),

  'with a handler that ends it': (knex, fn, config) =>
    knex.transaction<never>((trx) => {
      fn(trx).then(
        (value) => trx.commit(value),
        (error) => trx.rollback(error),
      );
    }, config),

  'without a handler': async (knex, fn, config) => {
    const trx = await knex.transaction(config);
    return endedByHand(trx, () => fn(trx));
  },

  'by a provider': async (knex, fn, config) => {
    const provider = knex.transactionProvider(config);
    return endedByHand(await provider(), async () => fn(await provider()));
  },
};

async function endedByHand<T>(trx: Knex.Transaction, work: () => Promise<T>): Promise<T> {
  try {
    const value = await work();
    await trx.commit();
    // Knex tells it nowhere else if the COMMIT fails.
    await trx.executionPromise;
    return value;
  } catch (error) {
    await trx.rollback(error);
    throw error;
  }
}

describeWith(postgres, 'Knex', () => {
  describe.each(Object.entries(styles))('%s', (style, begin) => {
    describeTransactionContract('trackKnexTransactions', {
      byStatements: !style.startsWith('with a handler'),
      savepointsInTurn: style.startsWith('with a handler'),
      connect: () => connectKnex(begin),
    });
  });
});

/** The two ways that go through code of their own: with a callback, and by statements. */
const ways = Object.entries(styles).filter(([style]) => /returns a promise|without/.test(style));

describeWith(mariadb, 'Knex on MariaDB', () => {
  describe.each(ways)('%s', (style, begin) => {
    describeTransactionContract('trackKnexTransactions', {
      dialect: 'mysql',
      byStatements: style === 'without a handler',
      savepointsInTurn: style !== 'without a handler',
      connect: async () => {
        const database = await freshMariadb();
        const knex = connect({
          client: 'mysql2',
          connection: database.url,
          log: { warn: () => {} },
        });
        return contractOf(
          knex,
          (answer) => (answer as [never[]])[0],
          begin,
          () => database.drop(),
        );
      },
    });
  });
});

// Its module is compiled for the version of Node that installed it.
const describeOnSqlite = process.env['OTHER_NODE'] === undefined ? describe : describe.skip;

describeOnSqlite('Knex on SQLite', () => {
  describe.each(ways)('%s', (style, begin) => {
    describeTransactionContract('trackKnexTransactions', {
      dialect: 'sqlite',
      byStatements: style === 'without a handler',
      savepointsInTurn: style !== 'without a handler',
      connect: async () => {
        const knex = connect({
          client: 'better-sqlite3',
          connection: { filename: ':memory:' },
          useNullAsDefault: true,
          log: { warn: () => {} },
        });
        return contractOf(
          knex,
          (answer) => answer as never[],
          begin,
          () => Promise.resolve(),
        );
      },
    });
  });
});
