import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import createKnex, { type Knex } from 'knex';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  sql,
} from 'kysely';
import {
  AirlockOptionsError,
  enqueue,
  enqueueWith,
  type Executor,
  runInScope,
} from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { beginTestTransaction } from 'nestjs-airlock/testing';
import { Pool } from 'pg';
import { Sequelize, type Transaction } from 'sequelize';
import { openMikroOrm } from '../integrations/mikro-orm/fixtures.js';
import { openPrisma } from '../integrations/prisma/fixtures.js';
import type { OrdersClient } from '../integrations/prisma/generated.js';
import { connected } from '../integrations/typeorm/fixtures.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

checkAfterEach();

type Query = (sql: string) => PromiseLike<unknown>;

/** A client whose transactions, in a test, are savepoints of one that is rolled back at its end. */
interface Tested {
  /** Begins the transaction around a test. */
  begin(): Promise<void>;
  /** Rolls it back. */
  rollBack(): Promise<unknown>;
  /** A transaction of the application. */
  transaction(work: (query: Query) => Promise<void>): Promise<unknown>;
  /** A statement of the application, in no transaction of its own. */
  readonly query: Query;
  close(): Promise<void>;
}

const TABLE = 'create table notes (text text)';

/** What has a callback only: it is kept waiting until the test is over. */
function held<Tx>(begin: (work: (tx: Tx) => Promise<void>) => Promise<unknown>) {
  let over: Promise<unknown>;
  let end: (error: Error) => void;
  return {
    begin: () =>
      new Promise<Tx>((resolve, reject) => {
        over = beginTestTransaction(() =>
          begin((tx) => {
            resolve(tx);
            return new Promise<void>((_, fail) => (end = fail));
          }),
        );
        over.catch(reject);
      }),
    rollBack: async () => {
      end(new Error('the test is over'));
      await over.catch(() => {});
    },
  };
}

async function knex(): Promise<Tested> {
  const schema = await freshSchema();
  const db = trackKnexTransactions(createKnex({ client: 'pg', connection: schema.url }));
  await db.raw(TABLE);
  let trx: Knex.Transaction;
  return {
    begin: async () => void (trx = await beginTestTransaction(() => db.transaction())),
    rollBack: () => trx.rollback(),
    transaction: (work) => trx.transaction((inner) => work((text) => inner.raw(text))),
    query: (text) => trx.raw(text),
    close: () => db.destroy().then(() => schema.drop()),
  };
}

async function drizzleOrm(): Promise<Tested> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  await pool.query(TABLE);
  const db = trackDrizzleTransactions(drizzle(pool));
  const test = held((work: (tx: NodePgDatabase) => Promise<void>) => db.transaction(work));
  let tx: NodePgDatabase;
  return {
    begin: async () => void (tx = await test.begin()),
    rollBack: test.rollBack,
    transaction: (work) =>
      tx.transaction((inner) => work((text) => inner.execute(drizzleSql.raw(text)))),
    query: (text) => tx.execute(drizzleSql.raw(text)),
    close: () => pool.end().then(() => schema.drop()),
  };
}

async function prisma(): Promise<Tested> {
  const opened = await openPrisma();
  trackPrismaTransactions(opened.prisma);
  await opened.prisma.$executeRawUnsafe(TABLE);
  const test = held((work: (tx: OrdersClient) => Promise<void>) =>
    opened.prisma.$transaction(work, { timeout: 60_000 }),
  );
  let tx: OrdersClient;
  return {
    begin: async () => void (tx = await test.begin()),
    rollBack: test.rollBack,
    transaction: (work) => tx.$transaction((inner) => work((text) => inner.$queryRawUnsafe(text))),
    query: (text) => tx.$queryRawUnsafe(text),
    close: () => opened.close(),
  };
}

async function typeorm(): Promise<Tested> {
  const opened = await connected();
  await opened.dataSource.query(TABLE);
  const runner = opened.dataSource.createQueryRunner();
  return {
    begin: () => beginTestTransaction(() => runner.startTransaction()),
    rollBack: () => runner.rollbackTransaction(),
    transaction: (work) => runner.manager.transaction((inner) => work((text) => inner.query(text))),
    query: (text) => runner.query(text),
    close: () => runner.release().then(() => opened.close()),
  };
}

async function mikroOrm(): Promise<Tested> {
  const opened = await openMikroOrm({ contextName: 'tests' });
  const { em } = opened.orm;
  await em.execute(TABLE);
  return {
    begin: () => beginTestTransaction(() => em.begin()),
    rollBack: () => em.rollback(),
    transaction: (work) => em.transactional((inner) => work((text) => inner.execute(text))),
    query: (text) => em.execute(text),
    close: () => opened.close(),
  };
}

/** The application hands no transaction on to what it calls. */
async function sequelize(): Promise<Tested> {
  const schema = await freshSchema();
  const db = trackSequelizeTransactions(
    new Sequelize(schema.url, {
      logging: false,
      dialectOptions: { options: new URL(schema.url).searchParams.get('options') },
    }),
  );
  await db.query(TABLE);
  let test: Transaction;
  return {
    begin: async () => void (test = await beginTestTransaction(() => db.transaction())),
    rollBack: () => test.rollback(),
    transaction: (work) =>
      db.transaction({ transaction: test }, (transaction) =>
        work((text) => db.query(text, { transaction })),
      ),
    query: (text) => db.query(text, { transaction: test }),
    close: () => db.close().then(() => schema.drop()),
  };
}

/** A transaction of Kysely begins no other: its driver takes savepoints instead. */
class SavepointDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('savepoint application'));
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('release savepoint application'));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback to savepoint application'));
  }
}

class SavepointDialect extends PostgresDialect {
  constructor(private readonly settings: { readonly pool: Pool }) {
    super(settings);
  }

  override createDriver(): SavepointDriver {
    return new SavepointDriver(this.settings);
  }
}

async function kysely(): Promise<Tested> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url, max: 1 });
  await pool.query(TABLE);
  const db = trackKyselyTransactions(
    new Kysely<object>({ dialect: new SavepointDialect({ pool }) }),
  );
  const query = (text: string): Promise<unknown> => sql.raw(text).execute(db);
  return {
    begin: async () => void (await query('begin')),
    rollBack: () => query('rollback'),
    transaction: (work) =>
      db.transaction().execute((trx) => work((text) => sql.raw(text).execute(trx))),
    query,
    close: () => db.destroy().then(() => schema.drop()),
  };
}

/** Writes through the transaction. */
const notes: Executor = {
  transactional: true,
  execute: ({ args }, { connection }) =>
    connection!.executeSql(`insert into notes values ('${String(args[0])}')`),
};

const failing = async (): Promise<never> => {
  throw new Error('refused');
};

describeWith(postgres, 'each test runs in a transaction that is rolled back', () => {
  describe.each([
    ['Knex', knex],
    ['Drizzle', drizzleOrm],
    ['Prisma', prisma],
    ['TypeORM', typeorm],
    ['MikroORM', mikroOrm],
    ['Sequelize', sequelize],
    ['Kysely', kysely],
  ])('of %s', (_client, open) => {
    let client: Tested;
    const transaction = (
      text: string,
      work: (query: Query) => Promise<void> = async () => {},
    ): Promise<unknown> =>
      client.transaction(async (query) => {
        await query(`insert into notes values ('${text}')`);
        enqueue(send, text);
        await work(query);
      });
    beforeAll(async () => {
      client = await open();
    });
    afterAll(() => client.close());
    beforeEach(() => client.begin());
    afterEach(() => client.rollBack());

    it('lets effects out that are called in no transaction of the application', async () => {
      await runInScope(async () => {
        await client.query("insert into notes values ('plain')");
        enqueue(send, 'plain');
      });
      expect(sent).toEqual(['plain']);
    });

    it('gives the effects of each transaction of the application the fate of its own', async () => {
      await runInScope(async () => {
        await transaction('1');
        await transaction('2 lost', failing).catch(() => {});
        await transaction('3');
      });
      expect(sent).toEqual(['1', '3']);
    });

    it('lets effects out at the end of the transaction that their scope has ended in', async () => {
      // A transaction of the same test has been committed before.
      await client.transaction(async () => {});
      await client.transaction(async () => {
        await runInScope(() => enqueue(send, 'deferred'));
        expect(sent).toEqual([]);
      });
      expect(sent).toEqual(['deferred']);
    });

    it('has transactional executors write into it', async () => {
      await runInScope({ executor: notes }, () =>
        transaction('in it', async () => {
          enqueueWith({ name: 'note' }, send, 'written');
        }),
      );
      expect(JSON.stringify(await client.query('select text from notes'))).toContain('written');
    });
  });

  describe('of each of two databases', () => {
    let clients: readonly [Tested, Tested];

    beforeAll(async () => {
      clients = [await knex(), await knex()];
    });
    afterAll(() => Promise.all(clients.map((client) => client.close())));
    beforeEach(async () => {
      for (const client of clients) await client.begin();
    });
    afterEach(() => Promise.all(clients.map((client) => client.rollBack())));

    it('gives effects the fate of the innermost transaction of the application', async () => {
      const [orders, audit] = clients;
      await runInScope(async () => {
        await audit.transaction(async () => enqueue(send, 'audit'));
        await orders.transaction(async () => {
          await audit.transaction(async () => enqueue(send, 'audit in orders'));
          await audit
            .transaction(async () => {
              enqueue(send, 'lost');
              await failing();
            })
            .catch(() => {});
          enqueue(send, 'orders');
        });
      });
      expect(sent).toEqual(['audit', 'audit in orders', 'orders']);
    });
  });

  it('is refused where no client begins one that is tracked', async () => {
    await expect(beginTestTransaction(() => Promise.resolve())).rejects.toBeInstanceOf(
      AirlockOptionsError,
    );
  });
});
