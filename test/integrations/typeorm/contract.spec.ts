import {
  type ContractTransaction,
  describeTransactionContract,
  type TransactionContractClient,
} from 'nestjs-airlock/testing';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import * as typeorm from 'typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { DataSource as DataSource03 } from 'typeorm-0.3';
import { describeWith, freshMariadb, freshSchema, mariadb, postgres } from '../../servers.js';

const current = (url: string): DataSource => new DataSource({ type: 'postgres', url });
// What is called here is the same in both.
const previous = (url: string): DataSource =>
  new DataSource03({ type: 'postgres', url }) as unknown as DataSource;

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

async function connect(
  make: (url: string) => DataSource,
  work: Work,
): Promise<TransactionContractClient> {
  const schema = await freshSchema();
  return contractOf(make(schema.url), work, () => schema.drop());
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
    connect: () => connect(current, byManager),
  });
  describeTransactionContract('a query runner', {
    byStatements: true,
    connect: () => connect(current, byRunner),
  });
});

// The version before is what goes with Nest 11, where it has just been run.
if (!('Connection' in typeorm)) {
  describeWith(postgres, 'TypeORM 0.3 on PostgreSQL', () => {
    describeTransactionContract('dataSource.transaction', {
      connect: () => connect(previous, byManager),
    });
    describeTransactionContract('a query runner', {
      byStatements: true,
      connect: () => connect(previous, byRunner),
    });
  });
}
