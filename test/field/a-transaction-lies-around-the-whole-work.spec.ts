import { RequestContext } from '@mikro-orm/core';
import { createNamespace } from 'cls-hooked';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { Sequelize } from 'sequelize';
import { Item, openMikroOrm } from '../integrations/mikro-orm/fixtures.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { checkAfterEach } from '../unit/core/fixtures.js';

checkAfterEach();

/** A client by which code finds the current transaction without being handed it. */
interface Ambient {
  /** Ways to put a transaction around work, whose scope then ends in it. */
  readonly around: Readonly<Record<string, (work: () => Promise<void>) => Promise<void>>>;
  /** Stores an item in what is current. */
  store(name: string): Promise<void>;
  /** Stores one in a transaction of its own. */
  storeInTransaction(name: string): Promise<void>;
  close(): Promise<void>;
}

async function mikroOrm(): Promise<Ambient> {
  const opened = await openMikroOrm({ contextName: 'around' });
  const { orm } = opened;
  const store = async (name: string): Promise<void> => {
    await orm.em.persist(orm.em.create(Item, { name })).flush();
  };
  return {
    around: {
      'by a callback': (work) => orm.em.transactional(() => work()),
      'in a request, by statements': (work) =>
        RequestContext.create(orm.em, async () => {
          await Promise.resolve();
          await orm.em.begin();
          await work();
          await orm.em.commit();
        }),
    },
    store,
    storeInTransaction: (name) => orm.em.transactional(() => store(name)),
    close: () => opened.close(),
  };
}

async function sequelize(): Promise<Ambient> {
  const schema = await freshSchema();
  Sequelize.useCLS(createNamespace('around'));
  const db = trackSequelizeTransactions(
    new Sequelize(schema.url, {
      logging: false,
      dialectOptions: { options: new URL(schema.url).searchParams.get('options') },
    }),
  );
  await db.query('create table items (name text primary key)');
  const store = async (name: string): Promise<void> => {
    await db.query('insert into items values (?)', { replacements: [name] });
  };
  return {
    around: { 'by a callback': (work) => db.transaction(() => work()) },
    store,
    storeInTransaction: (name) => db.transaction(() => store(name)),
    close: async () => {
      await db.close();
      delete (Sequelize as { _cls?: unknown })._cls;
      await schema.drop();
    },
  };
}

describeWith(postgres, 'a transaction that lies around all of the work', () => {
  describe.each([
    ['MikroORM', mikroOrm],
    ['Sequelize with CLS', sequelize],
  ])('of %s', (_client, open) => {
    let client: Ambient;
    const stored: string[] = [];
    const store = async (name: string): Promise<void> => {
      await client.store(name);
      stored.push(name);
    };
    const storeInTransaction = async (name: string): Promise<void> => {
      await client.storeInTransaction(name);
      stored.push(name);
    };

    beforeAll(async () => {
      client = await open();
    });
    afterAll(() => client.close());

    it('is not current any more for the effects that waited for it', async () => {
      for (const [how, around] of Object.entries(client.around)) {
        stored.length = 0;
        await around(async () => {
          await client.store(`order ${how}`);
          await runInScope(() => {
            enqueue(store, `copy ${how}`);
            enqueue(storeInTransaction, `audit ${how}`);
          });
        });
        expect(stored).toEqual([`copy ${how}`, `audit ${how}`]);
      }
    });
  });
});
