import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { type Options, Sequelize, type Transaction } from 'sequelize';
import { freshMariadb, freshSchema } from '../../../servers.js';
import type { OutboxClient, Row } from '../client.js';

export async function connectPostgres(): Promise<OutboxClient> {
  const schema = await freshSchema();
  return connect(
    'postgres',
    schema.url,
    { dialectOptions: { options: new URL(schema.url).searchParams.get('options') } },
    () => schema.drop(),
  );
}

export async function connectMariadb(): Promise<OutboxClient> {
  const schema = await freshMariadb();
  return connect('mariadb', schema.url, { dialect: 'mysql' }, () => schema.drop());
}

function connect(
  dialect: OutboxClient['dialect'],
  url: string,
  options: Options,
  drop: () => Promise<void>,
): OutboxClient {
  const sequelize = trackSequelizeTransactions(
    new Sequelize(url, { logging: false, pool: { max: 10 }, ...options }),
  );
  const contractOf = (transaction: Transaction): ContractTransaction => ({
    query: async (sql) => (await sequelize.query(sql, { transaction }))[0] as Row[],
    savepoint: (fn) => sequelize.transaction({ transaction }, (inner) => fn(contractOf(inner))),
  });
  return {
    dialect,
    connection: {
      query: (sql, values) => sequelize.query(sql.replace(/\$\d+/g, '?'), { replacements: values }),
    },
    transaction: (fn) => sequelize.transaction((transaction) => fn(contractOf(transaction))),
    close: async () => {
      await sequelize.close();
      await drop();
    },
  };
}
