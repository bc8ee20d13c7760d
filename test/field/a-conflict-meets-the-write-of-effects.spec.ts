import { DeadlockException } from '@mikro-orm/core';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { AirlockService } from 'nestjs-airlock';
import type { Pool } from 'mysql2/promise';
import { Pool as PostgresPool } from 'pg';
import { DatabaseError } from 'sequelize';
import { QueryFailedError } from 'typeorm';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import {
  connectMariadb as connectDrizzleToMariadb,
  connectPostgres as connectDrizzle,
} from '../integrations/outbox/clients/drizzle.js';
import { connectPostgres as connectKnex } from '../integrations/outbox/clients/knex.js';
import { connectPostgres as connectKysely } from '../integrations/outbox/clients/kysely.js';
import { connectPostgres as connectMikroOrm } from '../integrations/outbox/clients/mikro-orm.js';
import { connectPostgres as connectPrisma } from '../integrations/outbox/clients/prisma.js';
import { connectPostgres as connectSequelize } from '../integrations/outbox/clients/sequelize.js';
import { connectPostgres as connectTypeOrm } from '../integrations/outbox/clients/typeorm.js';
import { connectPg } from '../integrations/pg/contract.client.js';
import { Mail as Letters } from '../integrations/pg-boss/mail.js';
import {
  boot as bootPgBoss,
  jobsIn,
  onPostgres as onPgBoss,
} from '../integrations/pg-boss/pg-boss.fixtures.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { prisma7 } from '../integrations/prisma/generated.js';
import { describeWith, mariadb, postgres } from '../servers.js';
import { errorOf } from '../unit/core/fixtures.js';

/** A client, and how code that tries again by its errors tells a conflict. */
type Client = readonly [
  connect: () => Promise<OutboxClient>,
  isConflict: (error: Readonly<Record<string, unknown>>) => boolean,
];

const hasCode = (error: unknown, code = '40001'): boolean =>
  (error as { readonly code?: unknown } | undefined)?.code === code;

const CLIENTS: Readonly<Record<string, Client>> = {
  Drizzle: [connectDrizzle, (error) => error instanceof DrizzleQueryError && hasCode(error.cause)],
  Knex: [connectKnex, hasCode],
  Kysely: [connectKysely, hasCode],
  MikroORM: [connectMikroOrm, (error) => error instanceof DeadlockException],
  Prisma: [
    () => connectPrisma(prisma7),
    (error) => error['name'] === 'PrismaClientKnownRequestError' && hasCode(error, 'P2034'),
  ],
  Sequelize: [
    connectSequelize,
    (error) => error instanceof DatabaseError && hasCode(error.original),
  ],
  TypeORM: [
    connectTypeOrm,
    (error) => error instanceof QueryFailedError && hasCode(error.driverError),
  ],
};

/** Runs orders in a loop that tries again; the first attempt loses against another transaction. */
async function placeOrder(
  { transaction }: Pick<OutboxClient, 'transaction'>,
  stock: string,
  tell: (text: string) => Promise<void>,
  isConflict: Client[1],
): Promise<void> {
  const rival = new PostgresPool({ connectionString: postgres.url });
  const place = (attempt: number): Promise<void> =>
    transaction(async (tx) => {
      await tx.query('set transaction isolation level serializable');
      await tx.query(`select sum(amount) from ${stock}`);
      await tx.query(`insert into ${stock} values (1)`);
      if (attempt === 1)
        await rival.query(
          `begin isolation level serializable; insert into ${stock} select sum(amount) from ${stock}; commit`,
        );
      await tell(`attempt ${attempt}`);
    });
  try {
    await place(1).catch((error) => (isConflict(error) ? place(2) : Promise.reject(error)));
  } finally {
    await rival.end();
  }
}

/** Makes a table and returns its name. */
async function makeStock(query: (sql: string) => Promise<readonly object[]>): Promise<string> {
  const [row] = await query('select current_schema()::text as schema');
  const stock = `"${(row as { schema: string }).schema}".stock`;
  await query(`create table ${stock} (amount int)`);
  await query(`insert into ${stock} values (1)`);
  return stock;
}

describeWith(postgres, 'A loop that tries transactions again', () => {
  describe.each(Object.keys(CLIENTS))('of %s', (name) => {
    describe('when a conflict is noticed as effects are written into the outbox', () => {
      it('tells it as it would without effects', async () => {
        const [connect, isConflict] = CLIENTS[name]!;
        const client = await connect();
        const courier = new Courier();
        const app = await boot(client, { outbox: { executor: courier } });
        const stock = await makeStock((sql) => rowsOf(client, sql));
        const airlock = app.get(AirlockService);
        await airlock.run(() =>
          placeOrder(client, stock, (text) => app.get(Mail).send(text), isConflict),
        );
        expect(courier.texts).toEqual(['attempt 2']);
        await app.close();
        await client.close();
      });
    });
  });

  describe('when a conflict is noticed as jobs of pg-boss are written', () => {
    it('tells it as it would without effects', async () => {
      const database = onPgBoss(12);
      const client = await connectPg();
      const pgBoss = { boss: database.boss() };
      const app = await bootPgBoss({ pgBoss, providers: [Letters] });
      const stock = await makeStock((sql) => client.query(sql));
      const airlock = app.get(AirlockService);
      await airlock.run(() =>
        placeOrder(client, stock, (text) => app.get(Letters).send(text), hasCode),
      );
      expect((await jobsIn(database)).map(({ args }) => args)).toEqual([['attempt 2']]);
      await app.close();
      await client.close();
      await database.close();
    });
  });
});

describeWith(mariadb, 'A loop that tries transactions again on MariaDB', () => {
  describe('when the rows of the outbox wait for a lock in vain', () => {
    it('tells it as it would without effects', async () => {
      const client = await connectDrizzleToMariadb(['innodb_lock_wait_timeout = 1']);
      const app = await boot(client, { outbox: { sweepIntervalMs: false } });
      const rival = await (client.connection as Pool).getConnection();
      await rival.query('start transaction');
      await rival.query('select * from airlock_outbox for update');
      const error = await errorOf(() =>
        app.get(AirlockService).run(() => client.transaction(() => app.get(Mail).send('a'))),
      );
      expect(error).toMatchObject({ cause: { code: 'ER_LOCK_WAIT_TIMEOUT' } });
      await rival.query('rollback');
      rival.release();
      await app.close();
      await client.close();
    });
  });
});
