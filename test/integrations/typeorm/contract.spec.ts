import {
  type ContractTransaction,
  describeTransactionContract,
  type TransactionContractClient,
} from 'nestjs-airlock/testing';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { describeWith, freshMariadb, freshSchema, mariadb, postgres } from '../../servers.js';

// With Nest 11 goes the version before, 0.3 (jest.config.mjs).

type Work = <T>(
  dataSource: DataSource,
  isolation: 'SERIALIZABLE' | undefined,
  fn: (tx: ContractTransaction) => Promise<T>,
) => Promise<T>;

const byManager: Work = (dataSource, isolation, fn) => {
  const run = (manager: EntityManager) => fn(managed(manager));
  return isolation === undefined
    ? dataSource.transaction(run)
    : dataSource.transaction(isolation, run);
};

function managed(manager: EntityManager): ContractTransaction {
  return {
    query: (sql) => manager.query(sql),
    savepoint: (fn) => manager.transaction((inner) => fn(managed(inner))),
  };
}

/** By statements, as a service without callbacks has them. */
const byRunner: Work = async (dataSource, isolation, fn) => {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  const between = async <T>(work: (tx: ContractTransaction) => Promise<T>): Promise<T> => {
    await runner.startTransaction(isolation);
    try {
      const value = await work({
        query: (sql) => runner.query(sql),
        savepoint: (inner) => between(inner),
      });
      await runner.commitTransaction();
      return value;
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    }
  };
  try {
    return await between(fn);
  } finally {
    await runner.release();
  }
};

async function connect(work: Work): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  return contractOf(new DataSource({ type: 'postgres', url: schema.url }), work, () =>
    schema.drop(),
  );
}

/** @param drop removes the database, once nobody is connected */
async function contractOf(
  untracked: DataSource,
  work: Work,
  drop: () => Promise<void>,
): Promise<TransactionContractClient> {
  const dataSource = trackTypeOrmTransactions(untracked);
  await dataSource.initialize();
  return {
    transaction: (fn, options) => work(dataSource, options?.isolation && 'SERIALIZABLE', fn),
    query: (sql) => dataSource.query(sql),
    close: async () => {
      await dataSource.destroy();
      await drop();
    },
  };
}

const works = [
  ['dataSource.transaction', byManager],
  ['a query runner', byRunner],
] as const;

describeWith(mariadb, 'TypeORM on MariaDB', () => {
  describe.each(works)('%s', (name, work) => {
    describeTransactionContract(name, {
      dialect: 'mysql',
      byStatements: work === byRunner,
      connect: async () => {
        const database = await freshMariadb();
        return contractOf(new DataSource({ type: 'mariadb', url: database.url }), work, () =>
          database.drop(),
        );
      },
    });
  });
});

// Its module is compiled for the version of Node that installed it.
const describeOnSqlite = process.env['OTHER_NODE'] === undefined ? describe : describe.skip;

describeOnSqlite('TypeORM on SQLite', () => {
  describe.each(works)('%s', (name, work) => {
    describeTransactionContract(name, {
      dialect: 'sqlite',
      byStatements: work === byRunner,
      connect: () =>
        contractOf(new DataSource({ type: 'better-sqlite3', database: ':memory:' }), work, () =>
          Promise.resolve(),
        ),
    });
  });
});

describeWith(postgres, 'TypeORM on PostgreSQL', () => {
  describeTransactionContract('dataSource.transaction', {
    connect: () => connect(byManager),
  });
  describeTransactionContract('a query runner', {
    byStatements: true,
    connect: () => connect(byRunner),
  });
});
