import { MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { type Knex, knex } from 'knex';
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely';
import { enqueue, enqueueWith, type Executor, AirlockService, runInScope } from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { Pool } from 'pg';
import { Sequelize, type Transaction } from 'sequelize';
import type { EntityManager } from 'typeorm';
import { setImmediate } from 'node:timers/promises';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';
import { inSchema } from '../integrations/mikro-orm/fixtures.js';
import { queryOf } from '../integrations/prisma/contract.client.js';
import { clientOnPostgres, MAJORS, type Major } from '../integrations/prisma/generated.js';
import { connected } from '../integrations/typeorm/fixtures.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { send, sent } from '../unit/core/fixtures.js';

// Applications write a `$begin()` of their own around the
// callback, which hands its transaction out and waits until it is told how to end.

interface Begun {
  query(text: string): Promise<unknown>;
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
}

interface Client {
  begin(): Promise<Begun>;
  query(text: string): Promise<unknown>;
  close(): Promise<unknown>;
}

const ROLLBACK = new Error('rolled back by hand');

/** The well-known extension of Prisma clients, for any client. */
async function handedOut<Tx>(
  transaction: (work: (tx: Tx) => Promise<void>) => Promise<unknown>,
  query: (tx: Tx, text: string) => Promise<unknown>,
): Promise<Begun> {
  let end!: { commit: () => void; rollback: () => void };
  const ended = new Promise<void>((resolve, reject) => {
    end = { commit: resolve, rollback: () => reject(ROLLBACK) };
  });
  let running!: Promise<unknown>;
  const tx = await new Promise<Tx>((resolve, reject) => {
    running = transaction((one) => {
      resolve(one);
      return ended;
    });
    running.catch(reject);
  });
  return {
    query: (text) => query(tx, text),
    commit: () => (end.commit(), running),
    rollback: () => (end.rollback(), running.catch(() => {})),
  };
}

async function onPrisma(major: Major): Promise<Client> {
  const schema = await freshSchema();
  const prisma = trackPrismaTransactions(clientOnPostgres(schema.url, major));
  return {
    begin: () =>
      handedOut<typeof prisma>(
        (work) => prisma.$transaction(work),
        async (tx, text) => queryOf(tx)(text),
      ),
    query: queryOf(prisma),
    close: async () => {
      await prisma.$disconnect();
      await schema.drop();
    },
  };
}

async function onDrizzle(): Promise<Client> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  const db = trackDrizzleTransactions(drizzle(pool));
  return {
    begin: () =>
      handedOut<Parameters<Parameters<typeof db.transaction>[0]>[0]>(
        (work) => db.transaction(work),
        async (tx, text) => (await tx.execute(sql.raw(text))).rows,
      ),
    query: async (text) => (await db.execute(sql.raw(text))).rows,
    close: async () => {
      await pool.end();
      await schema.drop();
    },
  };
}

async function onKysely(): Promise<Client> {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  const db = trackKyselyTransactions(
    new Kysely<object>({ dialect: new PostgresDialect({ pool }) }),
  );
  const queryOn = async (on: Kysely<object>, text: string) =>
    (await kyselySql.raw(text).execute(on)).rows;
  return {
    begin: () => handedOut<Kysely<object>>((work) => db.transaction().execute(work), queryOn),
    query: (text) => queryOn(db, text),
    close: async () => {
      await db.destroy();
      await schema.drop();
    },
  };
}

async function onTypeOrm(): Promise<Client> {
  const { dataSource, close } = await connected();
  return {
    begin: () =>
      handedOut<EntityManager>(
        (work) => dataSource.transaction(work),
        async (manager, text) => manager.query<unknown>(text),
      ),
    query: (text) => dataSource.query(text),
    close,
  };
}

async function onSequelize(): Promise<Client> {
  const schema = await freshSchema();
  const sequelize = trackSequelizeTransactions(
    new Sequelize(schema.url, {
      logging: false,
      dialectOptions: { options: new URL(schema.url).searchParams.get('options') },
    }),
  );
  return {
    begin: () =>
      handedOut<Transaction>(
        (work) => sequelize.transaction(work),
        (transaction, text) => sequelize.query(text, { transaction }),
      ),
    query: async (text) => (await sequelize.query(text))[0],
    close: async () => {
      await sequelize.close();
      await schema.drop();
    },
  };
}

async function onMikroOrm(): Promise<Client> {
  const schema = await freshSchema();
  const orm = trackMikroOrmTransactions(
    await MikroORM.init({
      ...inSchema(schema.url),
      contextName: schema.url,
      discovery: { warnWhenNoEntities: false },
      entities: [],
    }),
  );
  return {
    begin: () =>
      handedOut<SqlEntityManager>(
        (work) => orm.em.fork().transactional(work),
        async (em, text) => em.execute(text),
      ),
    query: (text) => orm.em.fork().execute(text),
    close: async () => {
      await orm.close(true);
      await schema.drop();
    },
  };
}

async function onKnex(): Promise<Client> {
  const schema = await freshSchema();
  const db = trackKnexTransactions(knex({ client: 'pg', connection: schema.url }));
  const queryOn = async (on: Knex, text: string): Promise<unknown> =>
    (await on.raw<{ rows: unknown[] }>(text)).rows;
  return {
    begin: () => handedOut<Knex.Transaction>(async (work) => db.transaction(work), queryOn),
    query: (text) => queryOn(db, text),
    close: async () => {
      await db.destroy();
      await schema.drop();
    },
  };
}

const clients: Record<string, () => Promise<Client>> = {
  ...Object.fromEntries(MAJORS.map(([name, major]) => [name, () => onPrisma(major)])),
  Drizzle: onDrizzle,
  Knex: onKnex,
  Kysely: onKysely,
  'MikroORM 6': onMikroOrm,
  Sequelize: onSequelize,
  TypeORM: onTypeOrm,
};

checkAfterEach();
beforeEach(() => {
  sent.length = 0;
});

describeWith(postgres, 'when a callback hands out its transaction', () => {
  describe.each(Object.keys(clients))('of %s', (name) => {
    let client: Client;
    beforeAll(async () => {
      client = await clients[name]!();
      await client.query('create table orders (item text)');
    });
    afterAll(() => client.close());

    it('drops with its rollback what the code called that got it', async () => {
      await runInScope(async () => {
        enqueue(send, 'before');
        const transaction = await client.begin();
        enqueue(send, 'first');
        await transaction.query(`insert into orders values ('tea')`);
        enqueue(send, 'second');
        enqueueWith({ survivesRollback: true }, send, 'survivor');
        await setImmediate();
        enqueue(send, 'last');
        await transaction.rollback();
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['before', 'survivor', 'after']);
      expect(await client.query('select * from orders')).toEqual([]);
    });

    it('lets it out where it commits', async () => {
      await runInScope(async () => {
        const transaction = await client.begin();
        enqueue(send, 'in it');
        await transaction.query('select 1');
        await transaction.commit();
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['in it', 'after']);
    });

    it('tells one after the other apart, in one scope', async () => {
      await runInScope(async () => {
        for (const item of ['tea', 'soup', 'milk']) {
          const transaction = await client.begin();
          enqueue(send, item);
          await transaction.query('select 1');
          await (item === 'soup' ? transaction.rollback() : transaction.commit());
        }
      });
      expect(sent).toEqual(['tea', 'milk']);
    });

    it('drops what a nested scope called that uses it, and has ended', async () => {
      await runInScope(async () => {
        const transaction = await client.begin();
        await runInScope(async () => {
          await transaction.query('select 1');
          enqueue(send, 'nested');
        });
        await transaction.rollback();
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['after']);
    });

    it('writes in it what a transactional executor takes', async () => {
      const writes: unknown[] = [];
      const executor: Executor = {
        transactional: true,
        execute: async (_intent, { connection }) => {
          const { rows } = await connection!.executeSql(
            'select now() < statement_timestamp() as inside',
            [],
          );
          writes.push(...rows);
        },
      };
      const { app } = await boot({}, { executor });
      await app.get(AirlockService).run(async () => {
        const transaction = await client.begin();
        await transaction.query('select 1');
        app.get(Effects, { strict: false }).one('mail');
        await transaction.commit();
      });
      expect(writes).toEqual([{ inside: true }]);
    });

    it('names in a warning the calls beside several, whose they cannot be told', async () => {
      const { app, log, sent: out } = await boot({});
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        const [tea, soup] = [await client.begin(), await client.begin()];
        for (const one of [tea, soup]) await one.query('select 1');
        effects.one('tea');
        await soup.rollback();
        await tea.commit();
      });
      expect(out).toEqual(['tea']);
      expect(log.airlock('warn')).toEqual([expect.stringContaining('was rolled back')]);
    });
  });
});
