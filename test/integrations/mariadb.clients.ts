import { MikroORM } from '@mikro-orm/mariadb';
import { Propagation } from '@nestjs-cls/transactional';
import { TransactionalAdapterPrisma } from '@nestjs-cls/transactional-adapter-prisma';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import knex, { type Knex } from 'knex';
import { Kysely, MysqlDialect, sql as raw } from 'kysely';
import { createPool as createCallbackPool } from 'mysql2';
import { createPool } from 'mysql2/promise';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Sequelize, type Transaction } from 'sequelize';
import { DataSource, type EntityManager } from 'typeorm';
import { bootHosts, hostOf, KnexAdapter } from './cls-transactional/fixtures.js';
import { newClient, type OrdersClient } from './prisma/generated.js';

/** Runs a statement. */
export type Query = (text: string) => PromiseLike<unknown>;
/** Runs work in a savepoint of the transaction. */
export type Savepoint = (work: (query: Query) => Promise<void>) => Promise<unknown>;
type Work = (query: Query, savepoint: Savepoint) => Promise<void>;

/** A client that tracks transactions, on MariaDB. */
export interface MariadbClient {
  /** False: `savepoint` runs its work in the transaction itself. @default true */
  readonly hasSavepoints?: boolean;
  transaction(work: Work): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Prisma's own limits are five seconds, and two to get a connection. */
const PATIENT = { timeout: 50_000, maxWait: 50_000 };

/** That of the driver `mariadb`, which is to be told that it may ask for the key to a password. */
function forMariadbDriver(url: string): string {
  const found = new URL(url.replace('mysql:', 'mariadb:'));
  found.searchParams.set('allowPublicKeyRetrieval', 'true');
  return found.href;
}

export const mariadbClients: Record<string, (url: string) => Promise<MariadbClient>> = {
  async TypeORM(url) {
    const dataSource = trackTypeOrmTransactions(
      await new DataSource({ type: 'mysql', url }).initialize(),
    );
    const query = (manager: EntityManager) => (text: string) => manager.query(text);
    return {
      transaction: (work) =>
        dataSource.transaction((manager) =>
          work(query(manager), (inner) => manager.transaction((nested) => inner(query(nested)))),
        ),
      close: () => dataSource.destroy(),
    };
  },
  async 'TypeORM as mariadb, begun by a statement'(url) {
    const dataSource = trackTypeOrmTransactions(
      await new DataSource({ type: 'mariadb', url }).initialize(),
    );
    return {
      async transaction(work) {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        try {
          await work(
            (text) => runner.query(text),
            async (inner) => {
              await runner.startTransaction();
              try {
                await inner((text) => runner.query(text));
                await runner.commitTransaction();
              } catch (error) {
                await runner.rollbackTransaction();
                throw error;
              }
            },
          );
          await runner.commitTransaction();
        } finally {
          await runner.release();
        }
      },
      close: () => dataSource.destroy(),
    };
  },
  async Knex(connection) {
    const client = trackKnexTransactions(knex({ client: 'mysql2', connection }));
    return {
      transaction: (work) =>
        client.transaction((trx) =>
          work(
            async (text) => trx.raw(text),
            (inner) => trx.transaction((nested) => inner(async (text) => nested.raw(text))),
          ),
        ),
      close: () => client.destroy(),
    };
  },
  async 'Knex without a handler'(connection) {
    const client = trackKnexTransactions(knex({ client: 'mysql2', connection }));
    return {
      async transaction(work) {
        const trx = await client.transaction();
        try {
          await work(
            async (text) => trx.raw(text),
            (inner) => trx.transaction((nested) => inner(async (text) => nested.raw(text))),
          );
          await trx.commit();
        } catch (error) {
          await trx.rollback(error);
          throw error;
        }
      },
      close: () => client.destroy(),
    };
  },
  async Kysely(url) {
    const db = trackKyselyTransactions(
      new Kysely<object>({ dialect: new MysqlDialect({ pool: createCallbackPool(url) as never }) }),
    );
    return {
      async transaction(work) {
        const trx = await db.startTransaction().execute();
        try {
          await work(
            (text) => raw.raw(text).execute(trx),
            async (inner) => {
              const savepoint = await trx.savepoint('inner').execute();
              try {
                await inner((text) => raw.raw(text).execute(savepoint));
                await savepoint.releaseSavepoint('inner').execute();
              } catch (error) {
                await savepoint.rollbackToSavepoint('inner').execute();
                throw error;
              }
            },
          );
          await trx.commit().execute();
        } catch (error) {
          await trx.rollback().execute();
          throw error;
        }
      },
      close: () => db.destroy(),
    };
  },
  async 'Kysely with a callback'(url) {
    const db = trackKyselyTransactions(
      new Kysely<object>({ dialect: new MysqlDialect({ pool: createCallbackPool(url) as never }) }),
    );
    return {
      hasSavepoints: false,
      transaction: (work) =>
        db.transaction().execute((trx) => {
          const query: Query = (text) => raw.raw(text).execute(trx);
          // There are no savepoints.
          return work(query, (inner) => inner(query));
        }),
      close: () => db.destroy(),
    };
  },
  async MikroORM(clientUrl) {
    const orm = trackMikroOrmTransactions(
      await MikroORM.init({
        clientUrl,
        entities: [],
        discovery: { warnWhenNoEntities: false },
        driverOptions: { connection: { allowPublicKeyRetrieval: true } },
        logger: () => {},
      }),
    );
    return {
      transaction: (work) =>
        orm.em.fork().transactional((em) =>
          work(
            (text) => em.execute(text),
            (inner) => em.transactional((nested) => inner((text) => nested.execute(text))),
          ),
        ),
      close: () => orm.close(true),
    };
  },
  Sequelize: (url) => sequelizeClient(url),
  'Sequelize as mariadb': (url) => sequelizeClient(forMariadbDriver(url)),
  async 'Sequelize, begun by a statement'(url) {
    const sequelize = trackSequelizeTransactions(new Sequelize(url, { logging: false }));
    const begun = async (work: Work, around?: Transaction): Promise<void> => {
      const transaction = await sequelize.transaction(around && { transaction: around });
      try {
        await work(
          (text) => sequelize.query(text, { transaction }),
          (inner) => begun((query) => inner(query), transaction),
        );
        await transaction.commit();
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    };
    return { transaction: begun, close: () => sequelize.close() };
  },
  async Prisma(url) {
    const prisma = trackPrismaTransactions(
      newClient('mysql', new PrismaMariaDb(forMariadbDriver(url))),
    );
    return {
      transaction: (work) =>
        prisma.$transaction(
          (tx) =>
            work(
              (text) => tx.$executeRawUnsafe(text),
              (inner) =>
                tx.$transaction((nested) => inner((text) => nested.$executeRawUnsafe(text))),
            ),
          PATIENT,
        ),
      close: () => prisma.$disconnect(),
    };
  },
  async Drizzle(url) {
    const pool = createPool(url);
    const db = trackDrizzleTransactions(drizzle(pool));
    return {
      transaction: (work) =>
        db.transaction((tx) =>
          work(
            (text) => tx.execute(sql.raw(text)),
            (inner) => tx.transaction((nested) => inner((text) => nested.execute(sql.raw(text)))),
          ),
        ),
      close: () => pool.end(),
    };
  },
  async 'cls-transactional over TypeORM'(url) {
    const dataSource = await new DataSource({ type: 'mysql', url }).initialize();
    const adapter = new TransactionalAdapterTypeOrm({ dataSourceToken: undefined });
    return hostClient(
      Object.assign(adapter, { connection: dataSource }),
      (tx: EntityManager) => (text) => tx.query(text),
      () => dataSource.destroy(),
    );
  },
  async 'cls-transactional over Knex'(connection) {
    const client = knex({ client: 'mysql2', connection });
    return hostClient(
      new KnexAdapter(client),
      (tx: Knex) => async (text) => tx.raw(text),
      () => client.destroy(),
    );
  },
  async 'cls-transactional over Prisma'(url) {
    // The adapter sends its savepoints as any other statement, and MySQL prepares none of those.
    const options = { useTextProtocol: true };
    const prisma = newClient('mysql', new PrismaMariaDb(forMariadbDriver(url), options));
    const adapter = new TransactionalAdapterPrisma({
      prismaInjectionToken: undefined,
      sqlFlavor: 'mysql',
      defaultTxOptions: PATIENT,
    });
    return hostClient(
      Object.assign(adapter, { connection: prisma }),
      (tx: OrdersClient) => (text) => tx.$executeRawUnsafe(text),
      () => prisma.$disconnect(),
    );
  },
};

let hosts = 0;

/** One that does all its work through a `TransactionHost`. */
async function hostClient<Tx>(
  adapter: Parameters<typeof trackClsTransactions>[0],
  queryOf: (tx: Tx) => Query,
  close: () => Promise<unknown>,
): Promise<MariadbClient> {
  const connection = { name: `on MariaDB ${++hosts}`, adapter: trackClsTransactions(adapter) };
  const app = await bootHosts(connection);
  const host = hostOf(app, connection);
  const query: Query = (text) => queryOf(host.tx as Tx)(text);
  return {
    transaction: (work) =>
      host.withTransaction(Propagation.RequiresNew, () =>
        work(query, (inner) => host.withTransaction(Propagation.Nested, () => inner(query))),
      ),
    close: async () => {
      await app.close();
      await close();
    },
  };
}

async function sequelizeClient(url: string): Promise<MariadbClient> {
  const sequelize = trackSequelizeTransactions(new Sequelize(url, { logging: false }));
  const query = (transaction: Transaction) => (text: string) =>
    sequelize.query(text, { transaction });
  return {
    transaction: (work) =>
      sequelize.transaction((transaction) =>
        work(query(transaction), (inner) =>
          sequelize.transaction({ transaction }, (nested) => inner(query(nested))),
        ),
      ),
    close: () => sequelize.close(),
  };
}
