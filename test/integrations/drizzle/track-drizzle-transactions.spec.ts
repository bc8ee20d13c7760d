import { sql, TransactionRollbackError } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { withReplicas } from 'drizzle-orm/pg-core';
import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { airlockMatchers, captureEffects } from 'nestjs-airlock/testing';
import { frames } from '../../../lib/core/frame/transaction-frame.js';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { itemsOf, openNodePostgres, openPglite, orders } from './fixtures.js';

type Database = NodePgDatabase<{ orders: typeof orders }>;

expect.extend(airlockMatchers);
checkAfterEach();

/** What holds for every driver. */
function describeDriver(open: () => Promise<{ db: unknown; close: () => Promise<void> }>): void {
  let db: Database;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const opened = await open();
    close = opened.close;
    db = trackDrizzleTransactions(opened.db as Database);
  }, 60_000);
  beforeEach(async () => {
    await db.delete(orders);
  });
  afterAll(() => close());

  describe('when a database is given twice', () => {
    it('keeps one frame for each of its transactions', async () => {
      const kept: unknown = Reflect.get(db, 'transaction');
      expect(trackDrizzleTransactions(db)).toBe(db);
      expect(Reflect.get(db, 'transaction')).toBe(kept);
    });
  });

  describe('when a transaction has a configuration', () => {
    it('hands it on', async () => {
      const config = { isolationLevel: 'serializable', accessMode: 'read only' } as const;
      const { rows } = await db.transaction(
        (tx) =>
          tx.execute(
            sql`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as only`,
          ),
        config,
      );
      expect(rows).toEqual([{ level: 'serializable', only: 'on' }]);
    });
  });

  describe('when the callback ends', () => {
    it('resolves to what it returned', async () => {
      expect(await db.transaction(async () => 7)).toBe(7);
      expect(await db.transaction((tx) => tx.transaction(async () => 8))).toBe(8);
    });

    it('rejects with its own error', async () => {
      const error = new Error('no stock');
      expect(await errorOf(() => db.transaction(() => Promise.reject(error)))).toBe(error);
    });
  });

  describe('when tx.rollback() is called', () => {
    it('drops what was called in the transaction, and rejects as Drizzle does', async () => {
      await runInScope(async () => {
        const error = await errorOf(() =>
          db.transaction(async (tx) => {
            await tx.insert(orders).values({ item: 'tea' });
            enqueue(send, 'tea');
            tx.rollback();
          }),
        );
        expect(error).toBeInstanceOf(TransactionRollbackError);
      });
      expect([sent, await itemsOf(db)]).toEqual([[], []]);
    });

    it('drops only what was called in the savepoint, where it is nested', async () => {
      await runInScope(() =>
        db.transaction(async (tx) => {
          await tx.insert(orders).values({ item: 'tea' });
          enqueue(send, 'tea');
          await tx
            .transaction(async (nested) => {
              await nested.insert(orders).values({ item: 'gift wrap' });
              enqueue(send, 'gift wrap');
              nested.rollback();
            })
            .catch(() => {});
        }),
      );
      expect([sent, await itemsOf(db)]).toEqual([['tea'], ['tea']]);
    });
  });

  describe('when queries are built in a transaction', () => {
    it('leaves the whole of Drizzle to them', async () => {
      await db.transaction(async (tx) => {
        await tx.insert(orders).values([{ item: 'tea' }, { item: 'milk' }]);
        await tx.transaction((nested) => nested.delete(orders).where(sql`item = 'milk'`));
        expect(await tx.query.orders.findMany()).toEqual([{ item: 'tea' }]);
        expect(await tx.select().from(orders)).toEqual([{ item: 'tea' }]);
      });
    });
  });

  describe('when an executor is transactional', () => {
    const executor: Executor = {
      transactional: true,
      execute: async (intent) => {
        const { connection } = frames.getStore()!;
        const { rows } = await connection!.executeSql(
          'insert into orders (item) values ($1) returning item',
          [`job for ${String(intent.args[0])}`],
        );
        expect(rows).toEqual([{ item: `job for ${String(intent.args[0])}` }]);
      },
    };

    it('writes through the connection of the transaction, and shares its fate', async () => {
      await runInScope({ executor }, async () => {
        await db.transaction(async (tx) => {
          await tx.insert(orders).values({ item: 'tea' });
          await tx.transaction(async () => enqueue(send, 'tea'));
        });
        expect(await itemsOf(db)).toEqual(['job for tea', 'tea']);
        await errorOf(() =>
          db.transaction(async (tx) => {
            await tx.insert(orders).values({ item: 'milk' });
            enqueue(send, 'milk');
            tx.rollback();
          }),
        );
      });
      expect(await itemsOf(db)).toEqual(['job for tea', 'tea']);
    });

    it('may write through the transaction as Drizzle knows it', async () => {
      const byDrizzle: Executor = {
        transactional: true,
        execute: (intent, { tx }) =>
          (tx as Database).insert(orders).values({ item: `job for ${String(intent.args[0])}` }),
      };
      await runInScope({ executor: byDrizzle }, async () => {
        await db.transaction((tx) => tx.transaction(async () => enqueue(send, 'tea')));
        await errorOf(() =>
          db.transaction(async (tx) => {
            enqueue(send, 'milk');
            tx.rollback();
          }),
        );
      });
      expect(await itemsOf(db)).toEqual(['job for tea']);
    });

    it('rolls the transaction back where its write fails', async () => {
      const broken: Executor = {
        transactional: true,
        execute: () =>
          frames.getStore()!.connection!.executeSql('insert into nowhere values ($1)', [1]),
      };
      await runInScope({ executor: broken }, async () => {
        await errorOf(() =>
          db.transaction(async (tx) => {
            await tx.insert(orders).values({ item: 'tea' });
            enqueue(send, 'tea');
          }),
        );
      });
      expect(await itemsOf(db)).toEqual([]);
    });
  });

  describe('when SQL is run on the connection of a frame', () => {
    it('takes values by number, in any order, and leaves operators alone', async () => {
      await db.transaction(async (tx) => {
        await tx.insert(orders).values({ item: 'tea' });
        const { connection } = frames.getStore()!;
        const { rows } = await connection!.executeSql(
          `select $2::text || $1::text as both, $2::text as again, '{"a":1}'::jsonb ? 'a' as has, '$1 ?' as literal, count(*)::int as orders from orders`,
          ['1', '2'],
        );
        expect(rows).toEqual([{ both: '21', again: '2', has: true, literal: '$1 ?', orders: 1 }]);
        expect((await connection!.executeSql('select 1 as one')).rows).toEqual([{ one: 1 }]);
      });
    });
  });
}

describeWith(postgres, 'trackDrizzleTransactions on node-postgres', () => {
  describeDriver(openNodePostgres);

  describe('when the server rolls back instead of committing', () => {
    it('drops what was called in the transaction, which resolves as Drizzle lets it', async () => {
      const { db, close } = await openNodePostgres();
      const captured = await captureEffects(() =>
        trackDrizzleTransactions(db).transaction(async (tx) => {
          await tx.insert(orders).values({ item: 'tea' });
          enqueue(send, 'tea');
          await errorOf(() => tx.execute(sql`select nothing`));
        }),
      );
      expect(captured.error).toBeUndefined();
      expect(captured).toHaveDropped(send, { reason: 'rollback' });
      expect(captured).toHaveNoEffects();
      expect(await itemsOf(db)).toEqual([]);
      await close();
    });
  });

  describe('when the application runs on the transaction of a test, which is always rolled back', () => {
    it('takes its own transactions for real ones', async () => {
      const { db: plain, close: end } = await openNodePostgres();
      await errorOf(() =>
        plain.transaction(async (around) => {
          const db = trackDrizzleTransactions(around);
          await runInScope(async () => {
            enqueue(send, 'received');
            await db.transaction(async (tx) => {
              await tx.insert(orders).values({ item: 'tea' });
              enqueue(send, 'tea');
            });
            await errorOf(() =>
              db.transaction(async (tx) => {
                enqueue(send, 'milk');
                tx.rollback();
              }),
            );
          });
          expect([sent, await itemsOf(around)]).toEqual([['received', 'tea'], ['tea']]);
          around.rollback();
        }),
      );
      expect(await itemsOf(plain)).toEqual([]);
      await end();
    });
  });

  describe('when a database has replicas', () => {
    it('tracks transactions in transactions on the primary', async () => {
      const { db, close } = await openNodePostgres();
      const replicated = trackDrizzleTransactions(withReplicas(db, [db]));
      await runInScope(() =>
        errorOf(() =>
          replicated.transaction(async (tx) => {
            enqueue(send, 'tea');
            tx.rollback();
          }),
        ),
      );
      expect(sent).toEqual([]);
      await close();
    });
  });
});

describe('trackDrizzleTransactions on PGlite', () => {
  describeDriver(openPglite);
});

describe('when trackDrizzleTransactions is given what it cannot take', () => {
  it('refuses what is no database', () => {
    expect(() => trackDrizzleTransactions({} as never)).toThrow(
      'Expected `db` to be a Drizzle database, got an object (Object).',
    );
    expect(() => trackDrizzleTransactions(undefined as never)).toThrow(AirlockOptionsError);
  });
});
