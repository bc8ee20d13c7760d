import type { INestApplicationContext } from '@nestjs/common';
import {
  AirlockService,
  DispatchError,
  EffectBuffer,
  type Intent,
  openFrame,
} from 'nestjs-airlock';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { EngineUnreachableError } from '../../../lib/errors/engine-unreachable.error.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { adapters } from './adapters.js';
import { Mail } from './mail.js';
import { boot, type Database, jobsIn, onPostgres } from './pg-boss.fixtures.js';

describeWith(postgres, 'PgBossExecutor', () => {
  describe.each(adapters)('in transactions of %s, with pg-boss %i', (_, version, connect) => {
    let database: Database;
    let app: INestApplicationContext;
    let client: TransactionContractClient;
    let airlock: AirlockService;
    let mail: Mail;

    beforeAll(async () => {
      database = onPostgres(version);
      const { schema } = database;
      client = await connect();
      await client.query('create table orders (id text primary key)');
      app = await boot({ pgBoss: { boss: database.boss() }, providers: [Mail] });
      airlock = app.get(AirlockService);
      mail = app.get(Mail);
      await database.query(`delete from ${schema}.job`);
    }, 60_000);

    afterEach(async () => {
      await client.query('delete from orders');
      await database.query(`delete from ${database.schema}.job`);
    });

    afterAll(async () => {
      await app.close();
      await client.close();
      await database.close();
    });

    /** An order, and the mail about it. */
    const place = async (tx: Pick<ContractTransaction, 'query'>, id: string): Promise<void> => {
      await tx.query(`insert into orders (id) values ('${id}')`);
      await mail.send(id);
    };
    const there = async () => ({
      orders: (await client.query('select id from orders order by id')).map(({ id }) => id),
      mails: (await jobsIn(database)).map(({ args: [text] }) => text),
    });

    describe('when the transaction commits', () => {
      it('has written the job in that very transaction', async () => {
        await airlock.run(() => client.transaction((tx) => place(tx, 'a')));
        expect(await there()).toEqual({ orders: ['a'], mails: ['a'] });
        const [order] = await client.query('select xmin::text as transaction from orders');
        const [job] = await database.query(
          `select xmin::text as transaction from ${database.schema}.job`,
        );
        expect(job).toEqual(order);
      });

      it('keeps the jobs in the order of the calls', async () => {
        const ids = Array.from(
          { length: 12 },
          (_unused, i) => `order ${String(i).padStart(2, '0')}`,
        );
        await airlock.run(() =>
          client.transaction(async (tx) => {
            for (const id of ids) await place(tx, id);
          }),
        );
        expect(await there()).toEqual({ orders: ids, mails: ids });
      });

      it('keeps the job although the scope fails afterwards: the transaction decides', async () => {
        const work = airlock.run(async () => {
          await client.transaction((tx) => place(tx, 'a'));
          throw new Error('later');
        });
        expect(await errorOf(() => work)).toEqual(new Error('later'));
        expect(await there()).toEqual({ orders: ['a'], mails: ['a'] });
      });

      it('writes nothing that a policy drops', async () => {
        const policy = { allows: ({ args }: { args: readonly unknown[] }) => args[0] !== 'b' };
        await airlock.run({ policy }, () =>
          client.transaction(async (tx) => {
            await place(tx, 'a');
            await place(tx, 'b');
          }),
        );
        expect(await there()).toEqual({ orders: ['a', 'b'], mails: ['a'] });
      });

      it('writes what was called outside it with the scope, and not with a scope that fails', async () => {
        const work = airlock.run(async () => {
          await mail.send('outside');
          await client.transaction((tx) => place(tx, 'a'));
          throw new Error('later');
        });
        await errorOf(() => work);
        expect(await there()).toEqual({ orders: ['a'], mails: ['a'] });
      });
    });

    describe('when the transaction rolls back', () => {
      const failing = () =>
        client.transaction(async (tx) => {
          await place(tx, 'a');
          throw new Error('no stock');
        });

      it('leaves no job', async () => {
        await errorOf(() => airlock.run(failing));
        expect(await there()).toEqual({ orders: [], mails: [] });
      });

      it('leaves no job although the error was swallowed', async () => {
        await airlock.run(async () => {
          await failing().catch(() => {});
          await mail.send('sorry');
        });
        expect(await there()).toEqual({ orders: [], mails: ['sorry'] });
      });

      it('leaves no job where only its COMMIT fails', async () => {
        await client.query(
          'create table lines (of text references orders (id) deferrable initially deferred)',
        );
        try {
          const work = airlock.run(() =>
            client.transaction(async (tx) => {
              await place(tx, 'a');
              await tx.query("insert into lines values ('an order that is not there')");
            }),
          );
          await errorOf(() => work);
          expect(await there()).toEqual({ orders: [], mails: [] });
        } finally {
          await client.query('drop table lines');
        }
      });
    });

    describe('when a savepoint rolls back and the transaction commits', () => {
      it('leaves out the jobs of the savepoint only', async () => {
        await airlock.run(() =>
          client.transaction(async (tx) => {
            await place(tx, 'a');
            await tx.savepoint!(async (inner) => {
              await place(inner, 'b');
              throw new Error('no stock');
            }).catch(() => {});
            await tx.savepoint!((inner) => place(inner, 'c'));
          }),
        );
        expect(await there()).toEqual({ orders: ['a', 'c'], mails: ['a', 'c'] });
      });
    });

    describe('when a job cannot be written', () => {
      const impossible = { priority: 'high' };

      it('rolls the transaction back', async () => {
        const effects = app.get(EffectBuffer);
        const error = await errorOf<DispatchError>(() =>
          airlock.run(() =>
            client.transaction(async (tx) => {
              await place(tx, 'a');
              effects.defer(mail, { dispatchOptions: impossible }).send('b');
            }),
          ),
        );
        expect(error).toBeInstanceOf(DispatchError);
        expect(error.failures.map(({ intent }) => (intent as Intent).args[0])).toEqual(['a', 'b']);
        expect(await there()).toEqual({ orders: [], mails: [] });
        expect(error.message).toContain('So the transaction is rolled back');
        expect(error.message).not.toContain('The work itself is done');
      });

      it('leaves later transactions alone', async () => {
        const effects = app.get(EffectBuffer);
        await airlock.run(async () => {
          const failing = client.transaction(async (tx) => {
            await place(tx, 'a');
            effects.defer(mail, { dispatchOptions: impossible }).send('b');
          });
          await failing.catch(() => {});
          await client.transaction((tx) => place(tx, 'c'));
        });
        expect(await there()).toEqual({ orders: ['c'], mails: ['c'] });
      });
    });

    describe('when transactions run at the same time', () => {
      it('writes the jobs of each in its own, and none of those that roll back', async () => {
        const numbers = Array.from({ length: 8 }, (_unused, i) => i);
        await Promise.all(
          numbers.map((number) =>
            airlock.run(async () => {
              const work = client.transaction(async (tx) => {
                await place(tx, `${number}`);
                if (number % 2 === 1) throw new Error('no stock');
              });
              await work.catch(() => {});
            }),
          ),
        );
        const { orders, mails } = await there();
        expect(orders).toEqual(['0', '2', '4', '6']);
        expect(new Set(mails)).toEqual(new Set(orders));
        expect(mails).toHaveLength(orders.length);
      });
    });
  });

  describe('when nothing can be written through a frame', () => {
    let database: Database;
    let app: INestApplicationContext;

    beforeAll(async () => {
      database = onPostgres(12);
      const boss = database.boss();
      await boss.start();
      app = await boot({ pgBoss: { boss, dispatchTimeoutMs: 1_500 }, providers: [Mail] });
    }, 60_000);

    afterAll(async () => {
      await app.close();
      await database.close();
    });

    it('fails the commit where the frame has no connection, and says so', async () => {
      const frame = openFrame({ name: 'orders database' });
      await app.get(AirlockService).run(async () => {
        await frame.run(() => app.get(Mail).send('a'));
        const error = await errorOf<DispatchError>(() => frame.beforeCommit());
        expect(error.failures.map((failure) => (failure.error as Error).message)).toEqual([
          expect.stringContaining('"orders database"'),
        ]);
        expect((error.failures[0]!.error as Error).message).toContain(
          'its frame has no `connection`',
        );
        frame.rollBack();
      });
      expect(await jobsIn(database)).toEqual([]);
    });

    it('fails the commit where its connection does not answer any more', async () => {
      const frame = openFrame({ connection: { executeSql: () => new Promise(() => {}) } });
      await app.get(AirlockService).run(async () => {
        await frame.run(() => app.get(Mail).send('a'));
        const error = await errorOf<DispatchError>(() => frame.beforeCommit());
        expect(error.failures.map((failure) => failure.error)).toEqual([
          expect.any(EngineUnreachableError),
        ]);
        frame.rollBack();
      });
    });
  });
});
