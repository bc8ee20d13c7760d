import type { INestApplicationContext } from '@nestjs/common';
import { createPool } from 'mysql2/promise';
import { AirlockService } from 'nestjs-airlock';
import type { OutboxConnection } from 'nestjs-airlock/outbox';
import { Pool } from 'pg';
import { outboxSqlOf } from '../../lib/integrations/outbox/sql/outbox-sql.js';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import { connectMariadb } from '../integrations/outbox/clients/drizzle.js';
import { connectPg } from '../integrations/outbox/clients/pg.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { Lines, until } from '../integrations/remote.js';
import { describeWith, mariadb, postgres } from '../servers.js';

// ProxySQL, MaxScale and pgpool-II send what begins with SELECT to a copy of the database, and
// everything else, and what ends with FOR UPDATE, to the primary server. The copy lags behind.

/** A copy of the database as it was at a moment. */
interface Copy extends OutboxConnection {
  /** Makes it what the database is now. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

class ReadWriteProxy implements OutboxConnection {
  constructor(
    private readonly primary: OutboxConnection,
    private readonly copy: OutboxConnection,
  ) {}

  async query(sql: string, values: unknown[]): Promise<unknown> {
    const isRead = /^select\b/i.test(sql) && !/\bfor update$/i.test(sql);
    return (isRead ? this.copy : this.primary).query(sql, values);
  }
}

async function copyOfPostgres({ connection }: OutboxClient): Promise<Copy> {
  const session = await (connection as Pool).connect();
  const begin = 'begin isolation level repeatable read, read only; select 1';
  await session.query(begin);
  return {
    query: (sql, values) => session.query(sql, values),
    catchUp: async () => void (await session.query(`rollback; ${begin}`)),
    close: async () => session.release(true),
  };
}

async function copyOfMariadb({ connection }: OutboxClient): Promise<Copy> {
  const session = await (connection as unknown as ReturnType<typeof createPool>).getConnection();
  const begin = 'start transaction with consistent snapshot, read only';
  await session.query(begin);
  return {
    query: (sql, values) => session.query(sql, values),
    catchUp: async () => {
      await session.query('rollback');
      await session.query(begin);
    },
    close: async () => session.destroy(),
  };
}

function describeProxy(
  connect: () => Promise<OutboxClient>,
  copyOf: (client: OutboxClient) => Promise<Copy>,
): void {
  let client: OutboxClient;
  let copy: Copy;
  let lines: Lines;
  const apps: INestApplicationContext[] = [];

  beforeEach(async () => {
    client = await connect();
    for (const sql of outboxSqlOf(client.dialect).create) await client.connection.query(sql, []);
    copy = await copyOf(client);
    lines = new Lines();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await copy.close();
    await client.close();
  });

  const start = async (executor: Courier): Promise<INestApplicationContext> => {
    const connection = new ReadWriteProxy(client.connection, copy);
    const outbox = {
      executor,
      createTable: false,
      sweepIntervalMs: 20,
      sweepAfterMs: 500,
      retryDelayMs: 1,
    };
    const app = await boot({ ...client, connection }, { outbox, lines });
    apps.push(app);
    return app;
  };
  const send = (app: INestApplicationContext, text: string) =>
    app
      .get(AirlockService)
      .run(() => client.transaction(() => app.get(Mail).send(text)))
      .catch(() => {});
  const rows = () => rowsOf(client, 'select * from airlock_outbox');

  it('says nothing of rows that are removed, and are in the copy for a while', async () => {
    const courier = new Courier();
    courier.before = () => copy.catchUp();
    const app = await start(courier);
    for (const text of ['a', 'b', 'c']) {
      await send(app, text);
      await until(async () => (await rows()).length === 0);
    }
    await app.close();
    expect(lines.all.filter(([, text]) => text.includes('outbox'))).toEqual([]);
  });

  it('hands over what was left, which the copy does not show as claimed', async () => {
    const courier = new Courier();
    courier.before = () => {
      throw new Error('The engine refuses it once.');
    };
    const app = await start(courier);
    await send(app, 'tea');
    await copy.catchUp();
    courier.before = () => {};
    await until(async () => (await rows()).length === 0);
    expect(courier.texts).toEqual(['tea']);
  });
}

describeWith(postgres, 'when a proxy before PostgreSQL sends reads to a copy that lags', () =>
  describeProxy(connectPg, copyOfPostgres),
);
describeWith(mariadb, 'when a proxy before MariaDB sends reads to a copy that lags', () =>
  describeProxy(connectMariadb, copyOfMariadb),
);
