import type { EventSubscriber as OfMikroOrm } from '@mikro-orm/core';
import { currentScope, enqueue, runInScope } from 'nestjs-airlock';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { Sequelize, type Transaction } from 'sequelize';
import { type DataSource, type EntitySubscriberInterface, EventSubscriber } from 'typeorm';
import { openMikroOrm } from '../integrations/mikro-orm/fixtures.js';
import { connected } from '../integrations/typeorm/fixtures.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

checkAfterEach();

let fails = false;

/** What the hooks of all clients do after a COMMIT. */
const tell = (): void => {
  // TypeORM makes its tables in a transaction as well.
  if (currentScope() !== undefined) enqueue(send, 'it is there');
  if (fails) throw new Error('no hook');
};

type Query = (sql: string) => Promise<unknown>;
type InTransaction = (work: (query: Query) => Promise<void>) => Promise<void>;

interface Client {
  /** Ways to begin a transaction whose COMMIT calls `tell`. */
  readonly transactions: Readonly<Record<string, InTransaction>>;
  close(): Promise<void>;
}

@EventSubscriber()
class Auditor implements EntitySubscriberInterface {
  afterTransactionCommit(): void {
    tell();
  }
}

async function typeorm(): Promise<Client> {
  const { dataSource, close } = await connected({ subscribers: [Auditor] });
  await dataSource.query(TABLE);
  return {
    transactions: {
      'by a callback': (work) =>
        dataSource.transaction((manager) => work((sql) => manager.query(sql))),
      'by statements': (work) => byStatements(dataSource, work),
    },
    close,
  };
}

async function byStatements(
  dataSource: DataSource,
  work: (query: Query) => Promise<void>,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  await runner.startTransaction();
  try {
    await work((sql) => runner.query(sql));
    await runner.commitTransaction();
  } finally {
    await runner.release();
  }
}

async function mikroOrm(): Promise<Client> {
  const subscriber: OfMikroOrm = { afterTransactionCommit: tell };
  const opened = await openMikroOrm({ subscribers: [subscriber], contextName: 'hooks' });
  const { orm } = opened;
  await orm.em.getConnection().execute(TABLE);
  return {
    transactions: {
      'by a callback': (work) =>
        orm.em.fork().transactional((em) => work((sql) => em.execute(sql))),
      'by statements': async (work) => {
        const em = orm.em.fork();
        await Promise.resolve();
        await em.begin();
        try {
          await work((sql) => em.execute(sql));
          await em.commit();
        } catch (error) {
          // Or MikroORM 7 never gives its connection back, and does not close.
          await em.rollback().catch(() => {});
          throw error;
        }
      },
    },
    close: () => opened.close(),
  };
}

async function sequelize(): Promise<Client> {
  const schema = await freshSchema();
  const db = trackSequelizeTransactions(
    new Sequelize(schema.url, {
      logging: false,
      dialectOptions: { options: new URL(schema.url).searchParams.get('options') },
    }),
  );
  await db.query(TABLE);
  const workIn = async (
    transaction: Transaction,
    work: (query: Query) => Promise<void>,
  ): Promise<void> => {
    transaction.afterCommit(tell);
    await work((sql) => db.query(sql, { transaction }));
  };
  return {
    transactions: {
      'by a callback': (work) => db.transaction((transaction) => workIn(transaction, work)),
      'by statements': async (work) => {
        await Promise.resolve();
        const transaction = await db.transaction();
        await workIn(transaction, work);
        await transaction.commit();
      },
    },
    close: async () => {
      await db.close();
      await schema.drop();
    },
  };
}

const TABLE = 'create table pairs (id text unique deferrable initially deferred)';

describeWith(postgres, 'a hook that a client calls after COMMIT', () => {
  beforeEach(() => {
    // Sequelize tells of a COMMIT that has failed.
    jest.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => {
    fails = false;
    jest.restoreAllMocks();
  });

  describe.each([
    ['TypeORM', typeorm],
    ['MikroORM', mikroOrm],
    ['Sequelize', sequelize],
  ])('of %s, when it calls an effect', (_name, connect) => {
    let client: Client;

    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client?.close());

    describe.each(['by a callback', 'by statements'])('of a transaction %s', (style) => {
      const transaction: InTransaction = (work) => client.transactions[style]!(work);

      it('lets it out with the scope after a COMMIT', async () => {
        await runInScope(async () => {
          await transaction(async (query) => void (await query(`insert into pairs values (null)`)));
          expect(sent).toEqual([]);
        });
        expect(sent).toEqual(['it is there']);
      });

      it('keeps what the transaction has called where it fails after a COMMIT', async () => {
        fails = true;
        await runInScope(async () => {
          const work = transaction(async (query) => {
            await query(`insert into pairs values (null)`);
            enqueue(send, 'inside');
          });
          await expect(work).rejects.toThrow('no hook');
        });
        expect(sent).toEqual(['inside', 'it is there']);
      });

      it('throws its own error where an effect that waited for the COMMIT fails as well', async () => {
        fails = true;
        const log = jest.spyOn(console, 'error').mockImplementation(() => {});
        const work = transaction(async (query) => {
          await query(`insert into pairs values (null)`);
          await runInScope(() =>
            enqueue(() => {
              throw new Error('no effect');
            }),
          );
        });
        await expect(work).rejects.toThrow('no hook');
        expect(log.mock.calls).toEqual([[expect.objectContaining({ code: 'AIRLOCK_DISPATCH' })]]);
      });

      it('drops it where it fails, as the COMMIT has', async () => {
        fails = true;
        await runInScope(() =>
          transaction(async (query) => {
            await query(`insert into pairs values ('d'), ('d')`);
            enqueue(send, 'inside');
          }).catch(() => {}),
        );
        expect(sent).toEqual([]);
      });

      it('drops it where the server has answered the COMMIT with a rollback', async () => {
        await runInScope(() =>
          transaction(async (query) => {
            await query(`insert into pairs values (null)`);
            await query('no statement').catch(() => {});
            enqueue(send, 'inside');
          }),
        );
        expect(sent).toEqual([]);
      });

      it('drops it where the COMMIT has failed', async () => {
        await runInScope(() =>
          transaction(async (query) => {
            await query(`insert into pairs values ('c'), ('c')`);
          }).catch(() => {}),
        );
        expect(sent).toEqual([]);
      });
    });
  });
});
