import { AirlockService, DispatchError, type Executor } from 'nestjs-airlock';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import { connectSqlite as connectKnex } from '../integrations/outbox/clients/knex.js';
import { connectSqlite as connectKysely } from '../integrations/outbox/clients/kysely.js';
import { connectLibsql } from '../integrations/outbox/clients/mikro-orm.js';
import { connectBetterSqlite, connectSqljs } from '../integrations/outbox/clients/typeorm.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { until } from '../integrations/remote.js';
import { errorOf } from '../unit/core/fixtures.js';

const CLIENTS: Readonly<Record<string, () => Promise<OutboxClient>>> = {
  Knex: connectKnex,
  Kysely: connectKysely,
  'TypeORM on better-sqlite3': connectBetterSqlite,
  'TypeORM on sql.js': connectSqljs,
  'MikroORM on libsql': connectLibsql,
};

/** As a disk that is full, and `RAISE(ROLLBACK)` in a trigger. */
const TABLE = 'create table orders (id varchar(100) primary key on conflict rollback)';

describe.each(Object.keys(CLIENTS))('An outbox on SQLite in transactions of %s', (name) => {
  describe('when a statement has rolled the transaction back, and its error was swallowed', () => {
    it('keeps no row that was written after that, and hands nothing over', async () => {
      const client = await CLIENTS[name]!();
      await client.connection.query(TABLE, []);
      const courier = new Courier();
      const app = await boot(client, { outbox: { executor: courier } });
      const mail = app.get(Mail);
      const order = async (id: string): Promise<void> => {
        await client.transaction(async (tx) => {
          await tx.query(`insert into orders values ('${id}')`);
          await mail.send(id);
          if (id !== 'a') await tx.query("insert into orders values ('a')").catch(() => {});
        });
      };
      const isEmpty = async () =>
        (await rowsOf(client, 'select 1 from airlock_outbox')).length === 0;

      await app.get(AirlockService).run(async () => {
        await order('a');
        await until(isEmpty);
        expect(String(await errorOf(() => order('b')))).toContain('no transaction is active');
        await until(isEmpty);
      });

      expect(courier.texts).toEqual(['a']);
      expect(await rowsOf(client, 'select id from orders')).toEqual([{ id: 'a' }]);
      await app.close();
      await client.close();
    });
  });
});

describe('An executor that writes into a transaction on SQLite', () => {
  describe('when its first write rolls the transaction back', () => {
    it('is asked for no other, which would be there on its own', async () => {
      const client = await connectBetterSqlite();
      await client.connection.query(TABLE, []);
      await client.connection.query("insert into orders values ('a')", []);
      const executor: Executor = {
        transactional: true,
        execute: async ({ args: [id] }, { connection }) => {
          await connection!.executeSql(`insert into orders values ('${String(id)}')`);
        },
      };
      const app = await boot(client, { airlock: { executor } });
      const [airlock, mail] = [app.get(AirlockService), app.get(Mail)];

      const error = await errorOf(() =>
        airlock.run(() =>
          client.transaction(() => Promise.all(['a', 'b'].map((id) => mail.send(id)))),
        ),
      );

      expect(error).toBeInstanceOf(DispatchError);
      expect(await rowsOf(client, 'select id from orders')).toEqual([{ id: 'a' }]);
      await app.close();
      await client.close();
    });
  });
});
