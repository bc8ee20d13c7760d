import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { DataSource, type DataSourceOptions, type EntityManager } from 'typeorm';
import { freshMariadb, freshSchema } from '../../../servers.js';
import type { OutboxClient } from '../client.js';

export async function connectPostgres(): Promise<OutboxClient> {
  const schema = await freshSchema();
  return connect('postgres', { type: 'postgres', url: schema.url }, () => schema.drop());
}

export async function connectMariadb(): Promise<OutboxClient> {
  const schema = await freshMariadb();
  return connect('mariadb', { type: 'mariadb', url: schema.url }, () => schema.drop());
}

export async function connectSqljs(): Promise<OutboxClient> {
  return connect('sqlite', { type: 'sqljs' }, async () => {});
}

export async function connectBetterSqlite(): Promise<OutboxClient> {
  return connect('sqlite', { type: 'better-sqlite3', database: ':memory:' }, async () => {});
}

async function connect(
  dialect: OutboxClient['dialect'],
  options: DataSourceOptions,
  drop: () => Promise<void>,
): Promise<OutboxClient> {
  const dataSource = trackTypeOrmTransactions(new DataSource(options));
  await dataSource.initialize();
  const contractOf = (manager: EntityManager): ContractTransaction => ({
    query: (sql) => manager.query(sql),
    savepoint: (fn) => manager.transaction((inner) => fn(contractOf(inner))),
  });
  return {
    dialect,
    connection: dataSource,
    transaction: (fn) => dataSource.transaction((manager) => fn(contractOf(manager))),
    close: async () => {
      await dataSource.destroy();
      await drop();
    },
  };
}
