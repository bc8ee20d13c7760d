import { enqueue, FrameStateError, runInScope } from 'nestjs-airlock';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { Sequelize } from 'sequelize';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { connectMikroOrm } from '../integrations/mikro-orm/contract.client.js';
import { connectSequelize } from '../integrations/sequelize/contract.client.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { errorOf, send, sent } from '../unit/core/fixtures.js';
import { gate } from '../unit/testing/fixtures.js';

// These clients come through it by themselves, as long as none of the savepoints is rolled back.
describeWith(postgres, 'when an application begins savepoints side by side', () => {
  beforeEach(() => void (sent.length = 0));

  describe.each<[string, () => Promise<TransactionContractClient>]>([
    ['Drizzle', connectNodePostgres],
    ['MikroORM 6', connectMikroOrm],
    ['Sequelize', connectSequelize],
  ])('with %s', (name, connect) => {
    let client: TransactionContractClient;

    beforeAll(async () => {
      client = await connect();
      await client.query('create table items (name text)');
    });
    beforeEach(() => client.query('delete from items'));
    afterAll(() => client.close());

    const insert = (tx: ContractTransaction, name: string): Promise<unknown> =>
      tx.query(`insert into items values ('${name}')`);
    const sideBySide = (
      tx: ContractTransaction,
      work: (inner: ContractTransaction, name: string) => Promise<unknown>,
    ): Promise<unknown> =>
      Promise.all(['a', 'b'].map((name) => tx.savepoint!((inner) => work(inner, name))));
    const stored = async (): Promise<readonly unknown[]> =>
      (await client.query('select name from items order by name')).map(({ name }) => name);

    it('leaves them alone where no effect is called in them', async () => {
      await runInScope(() =>
        client.transaction(async (tx) => {
          enqueue(send, 'before');
          await sideBySide(tx, insert);
          enqueue(send, 'after');
        }),
      );
      expect(await stored()).toEqual(['a', 'b']);
      expect(sent).toEqual(['before', 'after']);
    });

    it('refuses an effect that is called in them, and nothing gets out or is stored', async () => {
      const error = await runInScope(() =>
        errorOf(() =>
          client.transaction(async (tx) => {
            enqueue(send, 'before');
            await sideBySide(tx, async (inner, name) => {
              await insert(inner, name);
              enqueue(send, name);
            }).catch(() => {});
          }),
        ),
      );
      expect(error).toBeInstanceOf(FrameStateError);
      expect(error.message).toMatch(
        / cannot take "send": another savepoint has been open beside it /,
      );
      expect(await stored()).toEqual([]);
      expect(sent).toEqual([]);
    });

    it('takes effects in those that come after', async () => {
      await runInScope(() =>
        client.transaction(async (tx) => {
          await sideBySide(tx, insert);
          await tx.savepoint!(async () => enqueue(send, 'kept'));
        }),
      );
      expect(sent).toEqual(['kept']);
    });

    // Knex, below MikroORM 6, opens the second when the first has ended.
    if (name !== 'MikroORM 6')
      it('lets no effect out of one that another, left open beside those before it, undoes', async () => {
        const all = gate();
        const end = gate();
        let open = 0;
        const one = async (tx: ContractTransaction, until: Promise<void>): Promise<unknown> =>
          tx.savepoint!(async (inner) => {
            await insert(inner, 'beside');
            if (++open === 3) all.open();
            await until;
            if (until === end.opened) throw new Error('undone');
          });
        await runInScope(() =>
          client
            .transaction(async (tx) => {
              const first = one(tx, all.opened);
              const undone = errorOf(() => one(tx, end.opened));
              await one(tx, all.opened);
              await first;
              await tx.savepoint!(async (inner) => {
                await insert(inner, 'kept');
                try {
                  enqueue(send, 'kept');
                } finally {
                  end.open();
                  await undone;
                }
              });
            })
            .catch(() => {}),
        );
        expect((await stored()).filter((name) => name === 'kept')).toEqual(sent);
      });

    it('lets no effect out of one that another, left open in one before it, undoes', async () => {
      const begun = gate();
      const end = gate();
      await runInScope(() =>
        client
          .transaction(async (tx) => {
            let undone: Promise<unknown> | undefined;
            await tx.savepoint!(async (before) => {
              undone = errorOf(() =>
                before.savepoint!(async (inner) => {
                  await insert(inner, 'left');
                  begun.open();
                  await end.opened;
                  throw new Error('undone');
                }),
              );
              await begun.opened;
            });
            await tx.savepoint!(async (inner) => {
              await insert(inner, 'kept');
              try {
                enqueue(send, 'kept');
              } finally {
                end.open();
                await undone;
              }
            });
          })
          .catch(() => {}),
      );
      expect((await stored()).filter((one) => one === 'kept')).toEqual(sent);
    });
  });

  it('lets no effect out of a hook of one that another undoes, with Sequelize', async () => {
    const schema = await freshSchema();
    const db = trackSequelizeTransactions(
      new Sequelize(schema.url, {
        logging: false,
        dialectOptions: { options: new URL(schema.url).searchParams.get('options') },
      }),
    );
    await db.query('create table items (name text)');
    const begun = gate();
    const end = gate();
    await runInScope(() =>
      db
        .transaction(async (transaction) => {
          const undone = errorOf(() =>
            db.transaction({ transaction }, async () => {
              begun.open();
              await end.opened;
              throw new Error('undone');
            }),
          );
          await begun.opened;
          await db
            .transaction({ transaction }, async (inner) => {
              await db.query("insert into items values ('kept')", { transaction: inner });
              inner.afterCommit(() => enqueue(send, 'kept'));
            })
            .finally(() => end.open());
          await undone;
        })
        .catch(() => {}),
    );
    const [stored] = await db.query('select name from items');
    await db.close();
    await schema.drop();
    expect((stored as { name: string }[]).map(({ name }) => name)).toEqual(sent);
  });
});
