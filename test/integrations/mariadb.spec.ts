import { createPool, type Pool } from 'mysql2/promise';
import { enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { describeWith, type FreshMariadb, freshMariadb, mariadb } from '../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../unit/core/fixtures.js';
import { type MariadbClient, mariadbClients, type Query } from './mariadb.clients.js';

checkAfterEach();

const refuse = (): never => {
  throw new Error('no stock');
};

/**
 * The page docs/integrations/databases.md says what each client keeps here; what a deadlock does
 * has a spec of its own.
 */
describeWith(mariadb, 'on MariaDB', () => {
  let database: FreshMariadb;
  let admin: Pool;

  beforeAll(async () => {
    database = await freshMariadb();
    admin = createPool(database.url);
    await admin.query('create table orders (item varchar(40) primary key) engine=InnoDB');
    await admin.query('create table asked (n int) engine=InnoDB');
    await admin.query('create procedure give_up() rollback');
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });
  beforeEach(async () => {
    await admin.query('delete from orders');
    await admin.query('delete from asked');
  });

  const items = async (): Promise<readonly string[]> => {
    const [rows] = await admin.query('select item from orders order by item');
    return (rows as { item: string }[]).map(({ item }) => item);
  };
  const order = async (query: Query, item: string): Promise<void> => {
    await query(`insert into orders values ('${item}')`);
    enqueue(send, item);
  };

  describe.each(Object.keys(mariadbClients))('%s', (name) => {
    let client: MariadbClient;
    beforeAll(async () => {
      client = await mariadbClients[name]!(database.userUrl);
    });
    afterAll(() => client.close());
    const hasSavepoints = name !== 'Kysely with a callback';

    it('drops what was called in a transaction that rolls back', async () => {
      await runInScope(async () => {
        await errorOf(async () =>
          client.transaction(async (query) => {
            await order(query, 'tea');
            refuse();
          }),
        );
        await client.transaction((query) => order(query, 'cups'));
      });
      expect(sent).toEqual(['cups']);
      expect(await items()).toEqual(['cups']);
    });

    it('hands a transactional executor a connection that tells its dialect', async () => {
      const dialects: unknown[] = [];
      const executor: Executor = {
        transactional: true,
        execute: (_intent, { connection }) => void dialects.push(connection?.dialect),
      };
      await runInScope({ executor }, () => client.transaction((query) => order(query, 'tea')));
      expect(dialects).toEqual(['mysql']);
    });

    it('asks the server one thing before COMMIT, or for a savepoint where no status is handed out', async () => {
      const isOneOfPrisma = name.endsWith('Prisma');
      const isBySavepoint = name.startsWith('Kysely') || (database.isMySql && isOneOfPrisma);
      // Whether it is MariaDB, which has a variable for the status; a savepoint is set and released.
      const questions = (isBySavepoint ? 2 : 0) + (name.startsWith('Kysely') ? 0 : 1);
      const status = `${database.isMySql ? 'performance' : 'information'}_schema.session_status`;
      const count = `insert into asked select variable_value from ${status} where variable_name = 'QUESTIONS'`;
      const executor: Executor = {
        transactional: true,
        execute: async (_intent, { connection }) => void (await connection!.executeSql(count)),
      };
      await runInScope({ executor }, () =>
        client.transaction(async (query) => {
          await order(query, 'tea');
          await query(count);
        }),
      );
      const [rows] = await admin.query('select max(n) - min(n) as statements from asked');
      // Its own second count is one as well.
      expect(rows).toEqual([{ statements: questions + 1 }]);
    });

    it('keeps what was called where a lock is not waited for, and the error swallowed', async () => {
      await admin.query(`insert into orders values ('locked')`);
      const holder = await admin.getConnection();
      await holder.query('begin');
      await holder.query('select item from orders for update');
      await runInScope(() =>
        client.transaction(async (query) => {
          enqueue(send, 'before');
          const lock = `select item from orders where item = 'locked' for update nowait`;
          await errorOf(async () => query(lock));
          await query('insert into asked values (1)');
        }),
      );
      await holder.query('rollback');
      holder.release();
      const [rows] = await admin.query('select n from asked');
      expect([sent, rows]).toEqual([['before'], [{ n: 1 }]]);
    });

    it('drops what was called in a transaction that a statement has rolled back, and begun another', async () => {
      await runInScope(() =>
        client.transaction(async (query) => {
          await order(query, 'tea');
          await query('rollback and chain');
        }),
      );
      expect([await items(), sent]).toEqual([[], []]);
    });

    it('takes the next transaction for the same one where autocommit is off, as the pages say', async () => {
      const own = await mariadbClients[name]!(database.userUrl);
      await runInScope(() =>
        own.transaction(async (query) => {
          await query('set autocommit = 0');
          await order(query, 'tea');
          await query('call give_up()');
          await order(query, 'cups');
        }),
      );
      await own.close();
      expect(await items()).toEqual(['cups']);
      expect(sent).toEqual(['tea', 'cups']);
    });

    it('keeps what was called where XA START is refused, since a transaction is open', async () => {
      await runInScope(() =>
        client.transaction(async (query) => {
          await order(query, 'tea');
          expect(await errorOf(async () => query(`xa start 'branch'`))).toBeDefined();
        }),
      );
      expect([await items(), sent]).toEqual([['tea'], ['tea']]);
    });

    it('drops what was called in a transaction that a procedure has rolled back', async () => {
      await runInScope(() =>
        client.transaction(async (query) => {
          await order(query, 'tea');
          await query('call give_up()');
        }),
      );
      expect(await items()).toEqual([]);
      expect(sent).toEqual([]);
    });

    if (hasSavepoints) {
      it('drops what was called in a savepoint that rolls back, and nothing else', async () => {
        await runInScope(() =>
          client.transaction(async (query, savepoint) => {
            await order(query, 'before');
            await errorOf(async () =>
              savepoint(async (inner) => {
                await order(inner, 'inside');
                refuse();
              }),
            );
            await savepoint((inner) => order(inner, 'released'));
          }),
        );
        expect(sent).toEqual(['before', 'released']);
        expect(await items()).toEqual(['before', 'released']);
      });

      it('refuses savepoints side by side, and lets nothing out', async () => {
        await runInScope(() =>
          errorOf(async () =>
            client.transaction(async (_query, savepoint) => {
              const branches = await Promise.allSettled(
                ['first', 'second'].map((item) => savepoint((inner) => order(inner, item))),
              );
              expect(branches.map(({ status }) => status)).toContain('rejected');
            }),
          ),
        );
        expect(sent).toEqual([]);
        expect(await items()).toEqual([]);
      });
    }

    it('drops what was called where the server has ended the connection', async () => {
      const { username } = new URL(database.userUrl);
      await runInScope(() =>
        errorOf(async () =>
          client.transaction(async (query) => {
            await order(query, 'tea');
            const [connections] = await admin.query('show processlist');
            for (const { Id, User } of connections as { Id: number; User: string }[])
              if (User === username) await admin.query(`kill ${Id}`);
          }),
        ),
      );
      expect(sent).toEqual([]);
      expect(await items()).toEqual([]);
    });
  });
});
