import { type Kysely, type Transaction as KyselyTransaction } from 'kysely';
import { MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { Client, Pool } from 'pg';
import { Sequelize, type Transaction } from 'sequelize';
import { VERSIONS } from '../integrations/kysely/versions.js';
import { inSchema } from '../integrations/mikro-orm/fixtures.js';
import { clientOnPostgres, MAJORS, type OrdersClient } from '../integrations/prisma/generated.js';
import { describeWith, freshSchema, postgres } from '../servers.js';

// A failed statement aborts a transaction of PostgreSQL: it refuses all further ones, and answers
// COMMIT with a rollback, which most clients take for a commit. Asking the server before each COMMIT
// would cost every transaction a round trip; only one with a failed statement can be aborted.

type Query = (text: string) => PromiseLike<unknown>;
type Work = (
  query: Query,
  savepoint: (work: (query: Query) => Promise<void>) => PromiseLike<unknown>,
) => Promise<void>;

interface PostgresClient {
  transaction(work: Work): Promise<unknown>;
  /** @default true */
  readonly hasSavepoints?: boolean;
  close(): Promise<unknown>;
}

const clients: Record<string, (url: string) => Promise<PostgresClient>> = {
  ...Object.fromEntries(
    MAJORS.map(([name, major]) => [
      name,
      async (url: string) => {
        const prisma = trackPrismaTransactions(clientOnPostgres(url, major));
        const query = (tx: OrdersClient) => (text: string) => tx.$executeRawUnsafe(text);
        return {
          hasSavepoints: major.hasSavepoints,
          transaction: (work: Work) =>
            prisma.$transaction((tx) =>
              work(query(tx), (inner) => tx.$transaction((nested) => inner(query(nested)))),
            ),
          close: () => prisma.$disconnect(),
        };
      },
    ]),
  ),
  ...Object.fromEntries(
    VERSIONS.flatMap(([name, { CamelCasePlugin, Kysely: Builder, PostgresDialect, sql }]) => {
      /** Believes the answer to its COMMIT, as versions before 0.28.10 and drivers of others do. */
      class Believing extends PostgresDialect {
        override createDriver() {
          const driver = super.createDriver();
          driver.commitTransaction = async (connection) => {
            await connection.executeQuery({ sql: 'commit', parameters: [] } as never);
          };
          return driver;
        }
      }
      const open = (url: string): Kysely<object> =>
        trackKyselyTransactions(
          new Builder<object>({
            dialect: new Believing({ pool: new Pool({ connectionString: url }) }),
          }),
        );
      const query = (trx: KyselyTransaction<object>) => (text: string) =>
        sql.raw(text).execute(trx);
      const byCallback =
        (queryOf: (trx: KyselyTransaction<object>) => Query) => async (url: string) => {
          const db = open(url);
          return {
            hasSavepoints: false,
            transaction: (work: Work) =>
              db.transaction().execute((trx) => work(queryOf(trx), () => Promise.resolve())),
            close: () => db.destroy(),
          };
        };
      const plugin = new CamelCasePlugin();
      return [
        [`${name}, with a callback`, byCallback(query)],
        [
          `${name}, with a callback, by objects made of its transaction`,
          byCallback((trx) => {
            const made = trx.withPlugin(plugin).withoutPlugins().withSchema('public');
            return (text) => sql.raw(text).withPlugin(plugin).execute(made);
          }),
        ],
        [
          `${name}, begun by a statement`,
          async (url: string) => {
            const db = open(url);
            return {
              transaction: async (work: Work) => {
                const trx = await db.startTransaction().execute();
                await work(query(trx), async (inner) => {
                  const nested = await trx.savepoint('one').execute();
                  await inner(query(nested)).catch(async (error) => {
                    await nested.rollbackToSavepoint('one').execute();
                    throw error;
                  });
                });
                await trx.commit().execute();
              },
              close: () => db.destroy(),
            };
          },
        ],
      ];
    }),
  ),
  async 'MikroORM 6'(url) {
    const orm = trackMikroOrmTransactions(
      await MikroORM.init({
        ...inSchema(url),
        contextName: url,
        discovery: { warnWhenNoEntities: false },
        entities: [],
      }),
    );
    const query = (em: SqlEntityManager) => (text: string) => em.execute(text);
    return {
      transaction: (work) =>
        orm.em
          .fork()
          .transactional((em) =>
            work(query(em), (inner) => em.transactional((nested) => inner(query(nested)))),
          ),
      close: () => orm.close(true),
    };
  },
  async Sequelize(url) {
    const sequelize = trackSequelizeTransactions(
      new Sequelize(url, {
        logging: false,
        dialectOptions: { options: new URL(url).searchParams.get('options') },
      }),
    );
    const query = (transaction: Transaction) => (text: string) =>
      sequelize.query(text, { transaction });
    return {
      transaction: (work) =>
        sequelize.transaction((outer) =>
          work(query(outer), (inner) =>
            sequelize.transaction({ transaction: outer }, (nested) => inner(query(nested))),
          ),
        ),
      close: () => sequelize.close(),
    };
  },
};

/** MikroORM brings a driver of its own. */
function drivers(): readonly (typeof Client)[] {
  const own = require.resolve('pg', { paths: [require.resolve('@mikro-orm/postgresql')] });
  return [Client, (jest.requireActual(own) as { Client: typeof Client }).Client];
}

/** Writes down each statement, and sends it as ever. */
function hear({ prototype }: typeof Client, sent: string[]): jest.SpyInstance {
  const { query } = prototype as { query: (...args: unknown[]) => unknown };
  return jest.spyOn(prototype, 'query').mockImplementation(function (
    this: Client,
    ...args: [{ text: string } | string]
  ) {
    sent.push(typeof args[0] === 'string' ? args[0] : args[0].text);
    return query.apply(this, args);
  } as never);
}

describeWith(postgres, 'when the error of a failed statement is swallowed', () => {
  let schema: Awaited<ReturnType<typeof freshSchema>>;
  let admin: Client;
  const out: string[] = [];
  const tell = (name: string): void => enqueue(() => void out.push(name));

  beforeAll(async () => {
    schema = await freshSchema();
    admin = new Client({ connectionString: schema.url });
    await admin.connect();
    await admin.query('create table orders (item text primary key)');
  });
  afterAll(async () => {
    await admin.end();
    await schema.drop();
  });
  beforeEach(async () => {
    out.length = 0;
    await admin.query('delete from orders');
  });
  const items = async (): Promise<string[]> =>
    (await admin.query<{ item: string }>('select item from orders order by item')).rows.map(
      ({ item }) => item,
    );
  const insert = (query: Query, item: string): PromiseLike<unknown> => {
    tell(item);
    return query(`insert into orders values ('${item}')`);
  };
  const fail = (query: Query): Promise<unknown> =>
    Promise.resolve(query('select 1 / 0')).catch(() => {});

  describe.each(Object.keys(clients))('%s', (name) => {
    let client: PostgresClient;
    beforeAll(async () => {
      client = await clients[name]!(schema.url);
    });
    afterAll(() => client.close());

    it('lets nothing out that was called before it or after it', async () => {
      await runInScope(() =>
        client.transaction(async (query) => {
          await insert(query, 'before');
          await fail(query);
          tell('after');
        }),
      );
      expect(await items()).toEqual([]);
      expect(out).toEqual([]);
    });

    it('lets nothing out where nobody waits for the statement', async () => {
      await runInScope(() =>
        client.transaction(async (query) => {
          await insert(query, 'before');
          void fail(query);
        }),
      ).catch(() => {});
      expect(await items()).toEqual([]);
      expect(out).toEqual([]);
    });

    it('lets out what is called in the next transaction', async () => {
      await runInScope(() => client.transaction((query) => fail(query) as Promise<void>));
      await runInScope(() =>
        client.transaction(async (query) => {
          await insert(query, 'next');
        }),
      );
      expect(await items()).toEqual(['next']);
      expect(out).toEqual(['next']);
    });

    it('asks the server nothing where none has failed', async () => {
      const sent: string[] = [];
      const spies = drivers().map((driver) => hear(driver, sent));
      await runInScope(() =>
        client.transaction(async (query) => {
          await insert(query, 'tea');
        }),
      );
      for (const spy of spies) spy.mockRestore();
      expect(sent.slice(-2)).toEqual([
        expect.stringMatching(/^insert into orders/),
        expect.stringMatching(/^commit/i),
      ]);
    });

    it('lets out what is called around a savepoint that was rolled back for it', async () => {
      await runInScope(() =>
        client.transaction(async (query, savepoint) => {
          await insert(query, 'before');
          if (client.hasSavepoints === false) return;
          await Promise.resolve(
            savepoint(async (inner) => {
              await insert(inner, 'inside');
              await inner('select 1 / 0');
            }),
          ).catch(() => {});
          await insert(query, 'after');
        }),
      );
      expect(out).toEqual(client.hasSavepoints === false ? ['before'] : ['before', 'after']);
      expect(await items()).toEqual([...out].sort());
    });
  });
});
