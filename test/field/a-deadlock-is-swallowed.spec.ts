import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import knex from 'knex';
import { Kysely, MysqlDialect, sql as raw } from 'kysely';
import { createPool as createCallbackPool } from 'mysql2';
import { createPool, type Pool } from 'mysql2/promise';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Sequelize, type Transaction } from 'sequelize';
import { DataSource, type EntityManager } from 'typeorm';
import { newClient } from '../integrations/prisma/generated.js';
import { describeWith, freshMariadb, mariadb } from '../servers.js';

// A deadlock of MySQL and MariaDB fails one statement and rolls back the whole transaction. Code that swallows the error of that statement
// goes on in autocommit, and its COMMIT succeeds.

type Query = (text: string) => PromiseLike<unknown>;
type Savepoint = (work: (query: Query) => Promise<void>) => Promise<unknown>;
type Work = (query: Query, savepoint: Savepoint) => Promise<void>;

interface Client {
  transaction(work: Work): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Prisma's own limits are five seconds, and two to get a connection. */
const PATIENT = { timeout: 50_000, maxWait: 50_000 };

const clients: Record<string, (url: string) => Promise<Client>> = {
  async TypeORM(url) {
    const dataSource = trackTypeOrmTransactions(await new DataSource({ type: 'mysql', url }).initialize());
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
    const dataSource = trackTypeOrmTransactions(await new DataSource({ type: 'mariadb', url }).initialize());
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
        await work(
          async (text) => trx.raw(text),
          (inner) => trx.transaction((nested) => inner(async (text) => nested.raw(text))),
        );
        await trx.commit();
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
      transaction: (work) =>
        db.transaction().execute((trx) => {
          const query: Query = (text) => raw.raw(text).execute(trx);
          // There are no savepoints.
          return work(query, (inner) => inner(query));
        }),
      close: () => db.destroy(),
    };
  },
  Sequelize: (url) => sequelizeClient(url),
  'Sequelize as mariadb': (url) => sequelizeClient(url.replace('mysql:', 'mariadb:')),
  async Prisma(url) {
    const prisma = trackPrismaTransactions(newClient('mysql', new PrismaMariaDb(url.replace('mysql:', 'mariadb:'))));
    return {
      transaction: (work) =>
        prisma.$transaction(
          (tx) =>
            work(
              (text) => tx.$executeRawUnsafe(text),
              (inner) => tx.$transaction((nested) => inner((text) => nested.$executeRawUnsafe(text))),
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
};

async function sequelizeClient(url: string): Promise<Client> {
  const sequelize = trackSequelizeTransactions(new Sequelize(url, { logging: false }));
  const query = (transaction: Transaction) => (text: string) => sequelize.query(text, { transaction });
  return {
    transaction: (work) =>
      sequelize.transaction((transaction) =>
        work(query(transaction), (inner) => sequelize.transaction({ transaction }, (nested) => inner(query(nested)))),
      ),
    close: () => sequelize.close(),
  };
}

describeWith(mariadb, 'when a deadlock is swallowed', () => {
  let database: Awaited<ReturnType<typeof freshMariadb>>;
  let admin: Pool;
  const out: string[] = [];
  const tell = (name: string): void => enqueue(() => void out.push(name));

  beforeAll(async () => {
    database = await freshMariadb();
    admin = createPool(database.url);
    await admin.query('create table accounts (name varchar(20) primary key, amount int) engine=InnoDB');
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });
  beforeEach(async () => {
    out.length = 0;
    await admin.query('delete from accounts');
    await admin.query(`insert into accounts values ('first', 0), ('second', 0)`);
  });

  /** Holds the second account, has written more than the other, and so wins when it goes for the first. */
  async function rival(): Promise<() => Promise<void>> {
    const connection = await admin.getConnection();
    await connection.query('begin');
    for (let row = 0; row < 30; row++) await connection.query(`insert into accounts values ('rival ${row}', 0)`);
    await connection.query(`update accounts set amount = 1 where name = 'second'`);
    return async () => {
      await connection.query(`update accounts set amount = 1 where name = 'first'`);
      await connection.query('rollback');
      connection.release();
    };
  }

  /**
   * Until the rival has gone for the first account, whose lock it does not get. The tables of InnoDB itself would tell of the lock, but as
   * it was some time ago, and as long as anybody reads them again and again they stay as they are. Or until that has ended.
   */
  async function lockWait(going: Promise<void>): Promise<void> {
    let isOver = false;
    void going.finally(() => (isOver = true));
    while (!isOver) {
      const [rows] = await admin.query(
        `select 1 from information_schema.processlist where db = database() and info like 'update accounts set amount = 1%'`,
      );
      if ((rows as unknown[]).length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const swallowed: unknown[] = [];
  async function transfer(query: Query, savepoint: Savepoint | undefined): Promise<void> {
    const goOn = await rival();
    tell('before');
    await query(`insert into accounts values ('before', 0)`);
    await query(`update accounts set amount = 2 where name = 'first'`);
    const going = goOn();
    await lockWait(going);
    const collide = (through: Query): PromiseLike<unknown> =>
      through(`update accounts set amount = 2 where name = 'second'`);
    const collided = savepoint
      ? savepoint(async (inner) => {
          tell('in the savepoint');
          await collide(inner);
        })
      : Promise.resolve(collide(query));
    await collided.catch((error: unknown) => swallowed.push(error));
    await going;
    tell('after');
  }

  describe.each(Object.keys(clients))('%s', (name) => {
    let client: Client;
    beforeAll(async () => {
      client = await clients[name]!(database.url);
    });
    afterAll(() => client.close());

    it.each([
      ['in the transaction', false],
      ['in a savepoint', true],
    ])('lets nothing out that was called %s', async (_where, inSavepoint) => {
      swallowed.length = 0;
      await runInScope(() =>
        client.transaction((query, savepoint) => transfer(query, inSavepoint ? savepoint : undefined)),
      ).catch((error: unknown) => swallowed.push(error));
      expect(swallowed).not.toEqual([]);
      const [rows] = await admin.query('select name from accounts order by name');
      expect((rows as { name: string }[]).map((row) => row.name)).toEqual(['first', 'second']);
      expect(out).toEqual([]);
    });

    it('lets out what is called in a transaction that commits', async () => {
      await runInScope(() =>
        client.transaction(async (query, savepoint) => {
          await query(`insert into accounts values ('third', 0)`);
          tell('third');
          await savepoint(async (inner) => {
            await inner(`insert into accounts values ('fourth', 0)`);
            tell('fourth');
          });
        }),
      );
      expect(out).toEqual(['third', 'fourth']);
    });
  });
});
