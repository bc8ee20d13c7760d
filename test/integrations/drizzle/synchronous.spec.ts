import { sql } from 'drizzle-orm';
import { drizzle as onBetterSqlite } from 'drizzle-orm/better-sqlite3';
import { drizzle, type SQLJsDatabase } from 'drizzle-orm/sql-js';
import {
  AirlockService,
  enqueue,
  enqueueWith,
  type Executor,
  FrameStateError,
  InProcessExecutor,
  runInScope,
} from 'nestjs-airlock';
import { AirlockDrizzleModule, trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { boot, checkAfterEach as closeAfterEach } from '../../e2e/http/fixtures.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';

checkAfterEach();
closeAfterEach();

/** Both come without types. */
const Sqlite = jest.requireActual<new (file: string) => never>('better-sqlite3');
const initSqlJs =
  jest.requireActual<() => Promise<{ readonly Database: new () => never }>>('sql.js');

type Transaction = Parameters<Parameters<SQLJsDatabase['transaction']>[0]>[0];

/** What is called of a database is the same on each driver. */
const drivers: Record<string, () => Promise<SQLJsDatabase>> = {
  'sql.js': async () => drizzle(new (await initSqlJs()).Database()),
  'better-sqlite3': async () => onBetterSqlite(new Sqlite(':memory:')) as unknown as SQLJsDatabase,
};

const openOn = async (driver: string): Promise<SQLJsDatabase> => {
  const db = await drivers[driver]!();
  db.run(sql`create table items (name text primary key)`);
  db.run(sql`create table lines (item text references items deferrable initially deferred)`);
  db.run(sql`pragma foreign_keys = on`);
  return db;
};
const place = (tx: SQLJsDatabase | Transaction, name: string): void => {
  tx.run(sql`insert into items values (${name})`);
  enqueue(send, name);
};
const refuse = (): never => {
  throw new Error('no stock');
};

describe.each(Object.keys(drivers))('on %s', (driver) => {
  const open = () => openOn(driver);

  describe('when the transactions of a Drizzle database are synchronous', () => {
    let db: SQLJsDatabase;
    const items = () =>
      db.all<{ name: string }>(sql`select name from items order by name`).map(({ name }) => name);
    beforeEach(async () => {
      db = trackDrizzleTransactions(await open());
    });

    it('lets out what one that commits has called, and returns what its callback returns', async () => {
      await runInScope(async () => {
        const value = db.transaction((tx) => {
          place(tx, 'tea');
          return 1;
        });
        expect(value).toBe(1);
        expect(sent).toEqual([]);
      });
      expect({ sent, items: items() }).toEqual({ sent: ['tea'], items: ['tea'] });
    });

    it('drops what one that rolls back has called, although its error is swallowed', async () => {
      await runInScope(async () => {
        await errorOf(() =>
          db.transaction((tx) => {
            place(tx, 'tea');
            refuse();
          }),
        );
        enqueue(send, 'an apology');
      });
      expect({ sent, items: items() }).toEqual({ sent: ['an apology'], items: [] });
    });

    it('gives what is called in a savepoint its fate, and that of what is around it', async () => {
      await runInScope(async () => {
        db.transaction((tx) => {
          place(tx, 'a');
          tx.transaction((inner) => {
            place(inner, 'b');
            inner.transaction((innermost) => place(innermost, 'c'));
          });
          try {
            tx.transaction((inner) => {
              place(inner, 'taken back');
              refuse();
            });
          } catch {
            place(tx, 'd');
          }
        });
        await errorOf(() =>
          db.transaction((tx) => {
            tx.transaction((inner) => place(inner, 'released'));
            refuse();
          }),
        );
      });
      expect(sent).toEqual(['a', 'b', 'c', 'd']);
      expect(items()).toEqual(['a', 'b', 'c', 'd']);
    });

    it('drops what one whose COMMIT fails has called', async () => {
      await runInScope(async () => {
        await errorOf(() =>
          db.transaction((tx) => {
            place(tx, 'tea');
            tx.run(sql`insert into lines values ('nothing')`);
          }),
        );
      });
      expect({ sent, items: items() }).toEqual({ sent: [], items: [] });
    });

    it('lets out after the COMMIT what a scope that ends in it has deferred', async () => {
      let ended: Promise<unknown> | undefined;
      db.transaction((tx) => {
        ended = runInScope(() => place(tx, 'tea'));
        expect(sent).toEqual([]);
      });
      await ended;
      expect({ sent, items: items() }).toEqual({ sent: ['tea'], items: ['tea'] });
    });

    describe('and the executor of an effect is transactional', () => {
      const written: unknown[] = [];
      const executor: Executor = {
        transactional: true,
        execute: (intent) => void written.push(...intent.args),
      };
      beforeEach(() => {
        written.length = 0;
      });

      it('refuses the call, and rolls back', async () => {
        await runInScope({ executor }, async () => {
          const error = await errorOf(() => db.transaction((tx) => place(tx, 'tea')));
          expect(error).toBeInstanceOf(FrameStateError);
          expect(error).toMatchObject({
            message: expect.stringMatching(
              /"send".*synchronous.*another executor.*asynchronous driver/s,
            ) as unknown,
          });
        });
        expect({ written, sent, items: items() }).toEqual({ written: [], sent: [], items: [] });
      });

      it.each([
        ['the transaction', (tx: Transaction, work: (tx: Transaction) => void) => work(tx)],
        [
          'a savepoint',
          (tx: Transaction, work: (tx: Transaction) => void) =>
            tx.transaction((inner) => work(inner)),
        ],
      ])('rolls back although the refusal is swallowed in %s', async (_where, within) => {
        await runInScope({ executor }, async () => {
          const error = await errorOf(() =>
            db.transaction((tx) => {
              try {
                within(tx, (inner) => place(inner, 'tea'));
              } catch {
                tx.run(sql`insert into items values ('cake')`);
              }
            }),
          );
          expect(error).toBeInstanceOf(FrameStateError);
        });
        expect({ written, items: items() }).toEqual({ written: [], items: [] });
      });

      it('keeps the rows where the effect has an executor that is not', async () => {
        const { app } = await boot({}, { executor, executors: { mail: new InProcessExecutor() } });
        await app.get(AirlockService).run(async () => {
          db.transaction((tx) => {
            tx.run(sql`insert into items values ('tea')`);
            enqueueWith({ executor: 'mail' }, send, 'tea');
          });
        });
        expect({ written, sent, items: items() }).toEqual({
          written: [],
          sent: ['tea'],
          items: ['tea'],
        });
        await app.close();
      });

      it('writes what is called after the transaction, or survives its rollback', async () => {
        await runInScope({ executor }, async () => {
          db.transaction((tx) => {
            tx.run(sql`insert into items values ('tea')`);
            enqueueWith({ survivesRollback: true }, send, 'apart');
          });
          enqueue(send, 'afterwards');
        });
        expect({ written, items: items() }).toEqual({
          written: ['apart', 'afterwards'],
          items: ['tea'],
        });
      });
    });

    it('does nothing when it is asked to track them again', async () => {
      const transaction: unknown = Reflect.get(db, 'transaction');
      expect(Reflect.get(trackDrizzleTransactions(db), 'transaction')).toBe(transaction);
    });
  });

  describe('when an application has a Drizzle database whose transactions are synchronous', () => {
    it('tracks them, and those of databases that are made later', async () => {
      const { app } = await boot({
        imports: [AirlockDrizzleModule.forRoot()],
        providers: [{ provide: 'DB', useFactory: open }],
      });
      for (const db of [app.get<SQLJsDatabase>('DB'), await open()]) {
        await runInScope(async () => {
          await errorOf(() =>
            db.transaction((tx) => {
              place(tx, 'rolled back');
              refuse();
            }),
          );
          db.transaction((tx) => tx.transaction((inner) => place(inner, 'tea')));
        });
      }
      expect(sent).toEqual(['tea', 'tea']);
      await app.close();
    });
  });
});
