import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { knex } from 'knex';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { AirlockService } from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Pool } from 'pg';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';
import { clientOnPostgres } from '../integrations/prisma/generated.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';

// The first phase of a commit in two: a coordinator may still send `ROLLBACK PREPARED`.

type Query = (sql: string) => Promise<unknown>;

interface Client {
  transaction(work: (query: Query) => Promise<void>): Promise<unknown>;
  close(): Promise<unknown>;
}

const clients: Record<string, (url: string) => Promise<Client>> = {
  Prisma: async (url) => {
    const prisma = trackPrismaTransactions(clientOnPostgres(url));
    return {
      transaction: (work) =>
        prisma.$transaction((tx) => work((text) => tx.$executeRawUnsafe(text))),
      close: () => prisma.$disconnect(),
    };
  },
  Kysely: async (url) => {
    const pool = new Pool({ connectionString: url });
    const db = trackKyselyTransactions(
      new Kysely<object>({ dialect: new PostgresDialect({ pool }) }),
    );
    return {
      transaction: (work) =>
        db.transaction().execute((tx) => work((text) => sql.raw(text).execute(tx))),
      close: () => db.destroy(),
    };
  },
  Knex: async (url) => {
    const db = trackKnexTransactions(knex({ client: 'pg', connection: url }));
    return {
      transaction: (work) => db.transaction((trx) => work(async (text) => trx.raw(text))),
      close: () => db.destroy(),
    };
  },
  Drizzle: async (url) => {
    const pool = new Pool({ connectionString: url });
    const db = trackDrizzleTransactions(drizzle(pool));
    return {
      transaction: (work) =>
        db.transaction((tx) => work(async (text) => tx.execute(drizzleSql.raw(text)))),
      close: () => pool.end(),
    };
  },
  TypeORM: async (url) => {
    const source = trackTypeOrmTransactions(new DataSource({ type: 'postgres', url }));
    await source.initialize();
    return {
      transaction: (work) => source.transaction((manager) => work((text) => manager.query(text))),
      close: () => source.destroy(),
    };
  },
  Sequelize: async (url) => {
    const sequelize = trackSequelizeTransactions(new Sequelize(url, { logging: false }));
    return {
      transaction: (work) =>
        sequelize.transaction((transaction) =>
          work((text) => sequelize.query(text, { transaction })),
        ),
      close: () => sequelize.close(),
    };
  },
};

checkAfterEach();

describeWithOwn([OwnPostgres], 'when a transaction is prepared', () => {
  let server: OwnPostgres;
  beforeAll(async () => {
    server = await OwnPostgres.start();
  }, 60_000);
  afterAll(() => server.remove());

  it.each(Object.keys(clients))(
    'lets no effect out, for it may be rolled back, and says so: %s',
    async (name) => {
      const client = await clients[name]!(server.url);
      const { app, sent, log } = await boot({});
      try {
        await app.get(AirlockService).run(() =>
          client.transaction(async (query) => {
            await query('create table orders (item text)');
            app.get(Effects, { strict: false }).one('mail');
            await query(`prepare transaction 'order'`);
          }),
        );
        const pool = new Pool({ connectionString: server.url });
        const { rows } = await pool.query('select gid from pg_prepared_xacts');
        await pool.query(`rollback prepared 'order'`);
        await pool.end();
        expect(rows).toEqual([{ gid: 'order' }]);
        expect(sent).toEqual([]);
        expect(log.airlock('warn')).toEqual([
          expect.stringContaining('was over before its client'),
        ]);
      } finally {
        await client.close();
      }
    },
  );
});
