import type { Kysely } from 'kysely';
import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { Pool } from 'pg';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { describeDoors } from '../doors.js';
import type { Tables } from './contract.client.js';
import { VERSIONS } from './versions.js';

checkAfterEach();

const refuse = (): never => {
  throw new Error('no stock');
};

describeWith(postgres, 'trackKyselyTransactions', () => {
  describe.each(VERSIONS)('on %s', (_version, kysely) => {
    const { CamelCasePlugin, Kysely, PostgresDialect, sql } = kysely;
    let schema: Awaited<ReturnType<typeof freshSchema>>;
    let db: Kysely<Tables>;
    const connect = (): Kysely<Tables> =>
      new Kysely<Tables>({
        dialect: new PostgresDialect({ pool: new Pool({ connectionString: schema.url }) }),
      });

    beforeAll(async () => {
      schema = await freshSchema();
      db = trackKyselyTransactions(connect());
      await sql`create table orders (item text)`.execute(db);
    });
    afterAll(async () => {
      await db.destroy();
      await schema.drop();
    });
    beforeEach(async () => {
      await db.deleteFrom('orders').execute();
    });
    const items = async (): Promise<string[]> =>
      (await db.selectFrom('orders').select('item').orderBy('item').execute()).map(
        ({ item }) => item,
      );

    /** Ends a controlled transaction as its work does. */
    const controlled =
      (begin: () => Kysely<Tables>) =>
      async (work: () => Promise<void>): Promise<void> => {
        const trx = await begin().startTransaction().setIsolationLevel('serializable').execute();
        try {
          await work();
          await trx.withSchema('public').commit().execute();
        } catch (error) {
          await trx.rollback().execute();
          throw error;
        }
      };

    describe('each door', () => {
      describeDoors({
        byCallback: {
          'transaction().execute(callback)': (work) => db.transaction().execute(work),
          'transaction() with settings': (work) =>
            db
              .transaction()
              .setIsolationLevel('serializable')
              .setAccessMode('read write')
              .execute(work),
          'transaction() of an instance with another schema': (work) =>
            db.withSchema('public').transaction().execute(work),
          'transaction() on a connection': (work) =>
            db.connection().execute((one) => one.transaction().execute(work)),
          'transaction() of an instance that is made later, as one per tenant': async (work) => {
            const tenant = connect();
            try {
              await tenant.transaction().execute(work);
            } finally {
              await tenant.destroy();
            }
          },
        },
        byStatements: {
          'startTransaction()': controlled(() => db),
          'startTransaction() of an instance with a plugin': controlled(() =>
            db.withPlugin(new CamelCasePlugin()),
          ),
        },
        notCovered: {
          'BEGIN by a statement, on one connection': (work) =>
            db.connection().execute(async (one) => {
              await sql`begin`.execute(one);
              try {
                await work();
              } finally {
                await sql`rollback`.execute(one);
              }
            }),
        },
      });
    });

    describe('when savepoints are taken by their names', () => {
      const insert = (trx: Kysely<Tables>, item: string): Promise<unknown> => {
        enqueue(send, item);
        return trx.insertInto('orders').values({ item }).execute();
      };

      it('drops what comes after a savepoint that is rolled back to, and keeps what comes after that', async () => {
        await runInScope(async () => {
          const trx = await db.startTransaction().execute();
          await insert(trx, 'before');
          const inner = await trx.savepoint('a').execute();
          await insert(inner, 'undone');
          const deep = await inner.savepoint('b').execute();
          await insert(deep, 'undone as well');
          await deep.rollbackToSavepoint('a').execute();
          await insert(inner, 'after');
          await trx.commit().execute();
        });
        expect(await items()).toEqual(['after', 'before']);
        expect(sent).toEqual(['before', 'after']);
      });

      it('drops all of them with the transaction', async () => {
        await runInScope(async () => {
          const trx = await db.startTransaction().execute();
          const inner = await trx.savepoint('a').execute();
          await insert(inner, 'inside');
          await inner.releaseSavepoint('a').execute();
          await trx.rollback().execute();
          await insert(db, 'outside');
        });
        expect(await items()).toEqual(['outside']);
        expect(sent).toEqual(['outside']);
      });

      it('leaves the error of an unknown name to the database', async () => {
        await runInScope(async () => {
          const trx = await db.startTransaction().execute();
          await insert(trx, 'item');
          expect(
            await errorOf(() => trx.rollbackToSavepoint('a' as never).execute()),
          ).toMatchObject({ code: '3B001' });
          await trx.rollback().execute();
        });
        expect(sent).toEqual([]);
      });
    });

    describe('when another object stands for the transaction', () => {
      /** What returns one, each in some version. */
      const copies = ['withTables', '$extendTables', '$omitTables', '$pickTables'];
      const { prototype } = kysely.ControlledTransaction as unknown as { prototype: object };

      it.each(copies.filter((key) => key in prototype))(
        'ends it as the first one does: %s',
        async (key) => {
          await runInScope(async () => {
            const trx = await db.startTransaction().execute();
            enqueue(send, 'called');
            const copy = (trx as unknown as Record<string, () => typeof trx>)[key]!();
            await copy.commit().execute();
          });
          expect(sent).toEqual(['called']);
        },
      );
    });

    describe('when a transaction has ended', () => {
      it.each(['commit', 'rollback'] as const)(
        'leaves the error of what is called then to Kysely: %s',
        async (end) => {
          const trx = await db.startTransaction().execute();
          await trx[end]().execute();
          const message = /Transaction is already|is not supported/;
          for (const command of [
            trx.commit(),
            trx.rollback(),
            trx.savepoint('a'),
            trx.releaseSavepoint('a' as never),
          ]) {
            const error = await errorOf(() => command.execute());
            expect(error.message).toMatch(message);
          }
        },
      );
    });

    describe('when a transactional executor writes', () => {
      const executor: Executor = {
        transactional: true,
        execute: (intent, { tx }) =>
          (tx as Kysely<Tables>)
            .insertInto('orders')
            .values({ item: String(intent.args[0]) })
            .execute(),
      };

      it('is given the transaction as Kysely knows it', async () => {
        await runInScope({ executor }, () =>
          db.transaction().execute(async () => enqueue(send, 'with a callback')),
        );
        await runInScope({ executor }, () =>
          controlled(() => db)(async () => enqueue(send, 'controlled')),
        );
        const failing = async (): Promise<void> => {
          enqueue(send, 'undone');
          refuse();
        };
        const error = await runInScope({ executor }, () =>
          errorOf(() => controlled(() => db)(failing)),
        );
        expect(error).toMatchObject({ message: 'no stock' });
        expect(await items()).toEqual(['controlled', 'with a callback']);
      });
    });

    describe('when plugins rename columns', () => {
      it('hands transactional executors their rows as they are', async () => {
        const rows: unknown[] = [];
        const executor: Executor = {
          transactional: true,
          execute: async (_intent, { connection }) => {
            rows.push((await connection!.executeSql('select $1::int as one_row', [1])).rows);
          },
        };
        await runInScope({ executor }, () =>
          db
            .withPlugin(new CamelCasePlugin())
            .transaction()
            .execute(async () => enqueue(send, 'written')),
        );
        expect(rows).toEqual([[{ one_row: 1 }]]);
      });
    });

    describe('when the callback of a transaction is refused', () => {
      it('rejects with its error', async () => {
        expect(
          await errorOf(() => runInScope(() => db.transaction().execute(async () => refuse()))),
        ).toMatchObject({
          message: 'no stock',
        });
      });
    });

    describe('when what is given is no instance', () => {
      it.each([[undefined], [null], [{}], [{ transaction: 1 }]])('refuses %p', (given) => {
        expect(() => trackKyselyTransactions(given as never)).toThrow(AirlockOptionsError);
      });
    });
  });
});
