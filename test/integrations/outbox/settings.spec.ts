import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { CamelCasePlugin } from 'kysely';
import type { Knex } from 'knex';
import type { PoolOptions } from 'mysql2/promise';
import { AirlockService } from 'nestjs-airlock';
import { Pool } from 'pg';
import { PgTransaction } from '../pg/pg.adapter.js';
import { AirlockOutbox, type AirlockOutboxOptions } from 'nestjs-airlock/outbox';
import { outboxSqlOf } from '../../../lib/integrations/outbox/sql/outbox-sql.js';
import { describeWith, freshDatabase, mariadb, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { Lines, until } from '../remote.js';
import { type OutboxClient, rowsOf } from './client.js';
import { connectMariadb } from './clients/drizzle.js';
import * as onKnex from './clients/knex.js';
import * as onKysely from './clients/kysely.js';
import { connectPg } from './clients/pg.js';
import { boot, Courier, Mail } from './fixtures.js';

const TEXT = `ü € 😀 \\ ' " $1 ?`;

const open: (INestApplicationContext | OutboxClient)[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function opened<T extends INestApplicationContext | OutboxClient>(
  one: Promise<T>,
): Promise<T> {
  open.push(await one);
  return one;
}

interface Started {
  readonly courier: Courier;
  readonly lines: Lines;
  readonly outbox: AirlockOutbox;
  readonly airlock: AirlockService;
  readonly mail: Mail;
  readonly send: (...texts: string[]) => Promise<void>;
}

async function start(
  client: OutboxClient,
  options: Partial<AirlockOutboxOptions> = {},
): Promise<Started> {
  const lines = new Lines();
  const courier = new Courier();
  const outbox = { executor: courier, retryDelayMs: 60_000, ...options };
  const app = await opened(boot(client, { outbox, lines }));
  return {
    courier,
    lines,
    outbox: app.get(AirlockOutbox),
    airlock: app.get(AirlockService),
    mail: app.get(Mail),
    send: (...texts) =>
      app.get(AirlockService).run(() =>
        client.transaction(async () => {
          for (const text of texts) await app.get(Mail).letter(text);
        }),
      ),
  };
}

const warnings = ({ lines }: Started): readonly string[] =>
  lines.of('warn').filter((line) => line.includes('could not be'));
const isEmpty = async (client: OutboxClient): Promise<boolean> =>
  (await rowsOf(client, 'select id from airlock_outbox')).length === 0;
const makeDue = (client: OutboxClient) =>
  client.connection.query(`update airlock_outbox set due_at = 0 where id > '0'`, []);

/** Rows are written, counted, listed, claimed and removed. @returns what was handed over */
async function handedOver(client: OutboxClient): Promise<readonly unknown[]> {
  const app = await start(client);
  const { courier, outbox } = app;
  courier.before = () => {
    throw new Error(`No: ${TEXT}`);
  };
  await app.send(TEXT);
  const [stuck] = await outbox.stuck();
  expect(stuck).toMatchObject({ effect: 'mail.letter', attempts: 1, error: `No: ${TEXT}` });
  expect(Math.abs(stuck!.since.getTime() - Date.now())).toBeLessThan(60_000);
  courier.before = () => {};
  await makeDue(client);
  await until(() => courier.taken.length === 1);
  await until(() => isEmpty(client));
  expect(warnings(app)).toEqual([]);
  return courier.texts;
}

const camelCased = (row: object): object =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
/** As `knexSnakeCaseMappers` of Objection does. */
const CAMEL_CASE: Knex.Config = {
  postProcessResponse: (answer: { rows?: object[] } | [object[]]) => {
    if (!Array.isArray(answer)) return { ...answer, rows: answer.rows?.map(camelCased) };
    return answer.map((one) => (Array.isArray(one) ? one.map(camelCased) : one));
  },
};

describeWith(postgres, 'PostgreSQL', () => {
  describe('when sessions, drivers or clients have settings of their own', () => {
    it.each<{ settings: Record<string, string> }>([
      { settings: { TimeZone: 'Asia/Kolkata' } },
      { settings: { statement_timeout: '2s', lock_timeout: '100ms' } },
      { settings: { standard_conforming_strings: 'off', client_encoding: 'LATIN1' } },
    ])('keeps and hands over what was called: $settings', async ({ settings }) => {
      expect(await handedOver(await opened(connectPg(settings)))).toEqual([TEXT]);
    });

    it('does so where numbers are read as BigInt, and columns renamed', async () => {
      const getTypeParser = (oid: number) => (oid === 20 ? BigInt : String);
      expect(
        await handedOver(await opened(connectPg({}, { types: { getTypeParser } as never }))),
      ).toEqual([TEXT]);
      expect(await handedOver(await opened(onKnex.connectPostgres(CAMEL_CASE)))).toEqual([TEXT]);
      expect(
        await handedOver(await opened(onKysely.connectPostgres([new CamelCasePlugin()]))),
      ).toEqual([TEXT]);
    });
  });

  describe('when a transaction is given up for the sake of another as its rows are written', () => {
    it('fails with the error of the database, for whoever tries it again', async () => {
      const level = { default_transaction_isolation: 'serializable' };
      const [client, other] = [await opened(connectPg(level)), await opened(connectPg())];
      const { courier, airlock, mail } = await start(client, { sweepIntervalMs: false });
      const [{ schema }] = (await rowsOf(client, 'select current_schema() as schema')) as [
        { schema: string },
      ];
      const stock = `${schema}.stock`;
      await client.connection.query(`create table ${stock} as select 1 as amount`, []);
      const error = await errorOf(() =>
        airlock.run(() =>
          client.transaction(async (tx) => {
            await tx.query(`select sum(amount) from ${stock}`);
            await tx.query(`insert into ${stock} values (1)`);
            await other.connection.query(
              `begin isolation level serializable;
insert into ${stock} select sum(amount) from ${stock};
commit`,
              undefined as never,
            );
            await mail.send('a');
          }),
        ),
      );
      expect(error).toMatchObject({ code: '40001' });
      expect(courier.texts).toEqual([]);
    });
  });

  describe('when somebody has the table locked', () => {
    it('tries its own statements again for no longer than `dispatchTimeoutMs`', async () => {
      const client = await opened(connectPg({ lock_timeout: '200ms' }));
      const { outbox } = await start(client, { sweepIntervalMs: false, dispatchTimeoutMs: 1_000 });
      await client.transaction(async (tx) => {
        await tx.query('lock table airlock_outbox in access exclusive mode');
        const query = jest.spyOn(client.connection, 'query');
        expect(await errorOf(() => outbox.stuck())).toBeInstanceOf(Error);
        expect(query.mock.calls.length).toBeLessThanOrEqual(5);
        expect(query.mock.calls.length).toBeGreaterThan(1);
      });
    });
  });

  describe('when transactions are in another database, with a table of that name', () => {
    it('refuses to write where nobody would look, and says so', async () => {
      const [here, place] = [await opened(connectPg()), await freshDatabase()];
      const pool = new Pool({ connectionString: place.url });
      const transaction = PgTransaction.in(pool);
      const { airlock, courier, mail } = await start(here);
      try {
        for (const sql of outboxSqlOf('postgres').create) await pool.query(sql);
        const error = await errorOf(() => airlock.run(() => transaction(() => mail.send('a'))));
        expect(error).toMatchObject({
          cause: {
            code: 'AIRLOCK_OUTBOX_TABLE',
            message: expect.stringContaining('in the database of its `connection`') as string,
          },
        });
        expect(courier.texts).toEqual([]);
      } finally {
        await pool.end();
        await place.drop();
      }
    }, 60_000);
  });

  describe('when the users of transactions and of the outbox may do nothing else', () => {
    it('starts and works, and is refused at the start where a right is missing', async () => {
      const owner = await opened(connectPg());
      const [writer, sweeper] = ['writer', 'sweeper'].map(
        (name) => `${name}_${randomUUID().slice(0, 8)}`,
      ) as [string, string];
      const [{ schema }] = (await rowsOf(owner, 'select current_schema() as schema')) as [
        { schema: string },
      ];
      await start(owner, { sweepIntervalMs: false });
      const run = (sql: string) => owner.connection.query(sql, []);
      for (const role of [writer, sweeper]) {
        await run(`create role ${role} login`);
        await run(`grant usage on schema ${schema} to ${role}`);
      }
      await run(`grant insert on airlock_outbox to ${writer}`);
      await run(`grant select, update, delete on airlock_outbox to ${sweeper}`);
      const [writes, sweeps] = [
        await opened(connectPg({ role: writer, search_path: schema })),
        await opened(connectPg({ role: sweeper, search_path: schema })),
      ];
      const client = { ...writes, connection: sweeps.connection };
      try {
        const { courier, send } = await start(client);
        await send('a');
        expect(courier.texts).toEqual(['a']);
        await until(() => isEmpty(client));
        await run(`revoke delete on airlock_outbox from ${sweeper}`);
        expect(await errorOf(() => boot(client, { outbox: { createTable: false } }))).toMatchObject(
          {
            code: 'AIRLOCK_OUTBOX_TABLE',
            message: expect.stringContaining('SELECT, UPDATE and DELETE') as string,
          },
        );
      } finally {
        await run(`drop owned by ${writer}, ${sweeper}; drop role ${writer}, ${sweeper}`);
      }
    });
  });

  describeServer({
    connect: connectPg,
    isolation: (level) => connectPg({ default_transaction_isolation: level }),
    readOnly: () => connectPg({ default_transaction_read_only: 'on' }),
  });
});

describeWith(mariadb, 'MariaDB', () => {
  describe('when sessions, drivers or clients have settings of their own', () => {
    it.each([
      { settings: ["sql_mode = 'ANSI,HIGH_NOT_PRECEDENCE,IGNORE_SPACE'", "time_zone = '+05:30'"] },
      // Each server reads its own comments.
      {
        settings: [
          "sql_mode = concat('TRADITIONAL,PAD_CHAR_TO_FULL_LENGTH' /*M! , ',EMPTY_STRING_IS_NULL' */ /*!80000 , ',TIME_TRUNCATE_FRACTIONAL' */)",
        ],
      },
      { settings: ["sql_mode = 'ONLY_FULL_GROUP_BY' /*!80013 , sql_require_primary_key = 1 */"] },
      { settings: ["sql_mode = ''", 'names utf8mb3'] },
      { settings: ['names latin1', 'innodb_lock_wait_timeout = 1'] },
      { settings: ['sql_safe_updates = 1'] },
    ])('keeps and hands over what was called: $settings', async ({ settings }) => {
      expect(await handedOver(await opened(connectMariadb(settings)))).toEqual([TEXT]);
    });

    it('does so where values are read as strings, and columns renamed', async () => {
      const strings = { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true };
      const options = { ...strings, timezone: '+09:00', namedPlaceholders: true };
      expect(
        await handedOver(
          await opened(connectMariadb([], { ...options, charset: 'latin1_swedish_ci' })),
        ),
      ).toEqual([TEXT]);
      expect(await handedOver(await opened(connectMariadb([], { typeCast: false })))).toEqual([
        TEXT,
      ]);
      expect(await handedOver(await opened(onKnex.connectMariadb(CAMEL_CASE)))).toEqual([TEXT]);
      expect(
        await handedOver(await opened(onKysely.connectMariadb([new CamelCasePlugin()]))),
      ).toEqual([TEXT]);
    });

    it.each<{ settings?: string[]; options: PoolOptions; says: string }>([
      { options: { rowsAsArray: true }, says: 'rows that are objects' },
      { options: { nestTables: true }, says: 'rows that are objects' },
      { settings: ['autocommit = 0'], options: {}, says: '`autocommit` is off' },
      {
        settings: ["sql_mode = 'NO_BACKSLASH_ESCAPES'"],
        options: {},
        says: 'NO_BACKSLASH_ESCAPES',
      },
    ])('refuses to start where nothing would be kept or read: $says', async (given) => {
      const client = await opened(connectMariadb(given.settings, given.options));
      expect(await errorOf(() => boot(client))).toMatchObject({
        code: 'AIRLOCK_OPTIONS',
        message: expect.stringContaining(given.says) as string,
      });
    });
  });

  describeServer({
    connect: connectMariadb,
    isolation: (level) => connectMariadb([`session transaction isolation level ${level}`]),
    readOnly: () => connectMariadb(['session transaction read only']),
  });
});

describe('SQLite', () => {
  describe('when a foreign process has the lock, nobody waits for it, and integers are BigInt', () => {
    it.each(['wal', 'delete'])('goes on where it is free again: %s', async (mode) => {
      const folder = mkdtempSync(join(tmpdir(), 'outbox-'));
      const [db, foreign] = [0, 1].map(() => onKysely.openSqlite(join(folder, 'data.sqlite')));
      try {
        db!.defaultSafeIntegers();
        db!.exec(`pragma journal_mode = ${mode}`);
        const client = await opened(onKysely.connectBetterSqlite(db));
        const app = await start(client, { sweepIntervalMs: 10, retryDelayMs: 60_000 });
        app.courier.before = () => {
          throw new Error('not now');
        };
        await app.send(TEXT);
        expect(await app.outbox.stuck()).toMatchObject([{ attempts: 1, error: 'not now' }]);
        app.courier.before = () => {};
        foreign!.exec('begin immediate; update airlock_outbox set due_at = 0');
        await until(() => warnings(app).length === 1);
        foreign!.exec('commit');
        await until(() => app.courier.taken.length === 1);
        await until(() => isEmpty(client));
      } finally {
        foreign!.close();
        rmSync(folder, { recursive: true });
      }
    });
  });
});

interface Server {
  readonly connect: () => Promise<OutboxClient>;
  readonly isolation: (level: string) => Promise<OutboxClient>;
  readonly readOnly: () => Promise<OutboxClient>;
}

function describeServer({ connect, isolation, readOnly }: Server): void {
  describe('when transactions are isolated from each other', () => {
    it.each(['read committed', 'repeatable read', 'serializable'])(
      'hands over each row once, and has nothing to complain of: %s',
      async (level) => {
        const client = await opened(isolation(level));
        const apps: Started[] = [];
        for (let i = 0; i < 3; i++) apps.push(await start(client, { sweepIntervalMs: 1 }));
        const texts = Array.from({ length: 40 }, (_, i) => `text ${i}`);
        for (const { courier } of apps) {
          courier.before = () => {
            throw new Error('not now');
          };
        }
        await Promise.all(texts.map((text, i) => apps[i % 3]!.send(text)));
        const taken = () => apps.flatMap(({ courier }) => courier.texts);
        for (const { courier } of apps) courier.before = () => {};
        await makeDue(client);
        await Promise.all(apps.map(({ outbox }) => outbox.sweep()));
        await until(() => isEmpty(client));
        expect(taken().map(String).toSorted()).toEqual(texts.toSorted());
        expect(apps.flatMap(warnings)).toEqual([]);
      },
      60_000,
    );
  });

  describe('when the clock of this machine is wrong', () => {
    it('goes by that of the server', async () => {
      const client = await opened(connect());
      const { now } = Date;
      jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
      const { courier, outbox, send } = await start(client, { sweepIntervalMs: false });
      courier.before = () => {
        throw new Error('not now');
      };
      await send('a');
      const [stuck] = await outbox.stuck();
      for (const time of [stuck!.since, stuck!.nextAt!])
        expect(Math.abs(time.getTime() - now())).toBeLessThan(120_000);
    });
  });

  describe('when transactions look for tables elsewhere than the outbox', () => {
    it('writes into the one that the outbox looks at', async () => {
      const [here, elsewhere] = [await opened(connect()), await opened(connect())];
      for (const sql of outboxSqlOf(here.dialect).create) await elsewhere.connection.query(sql, []);
      const { courier, send } = await start({ ...elsewhere, connection: here.connection });
      let rows = 0;
      courier.before = async () => {
        rows = (await rowsOf(here, 'select id from airlock_outbox')).length;
      };
      await send('a');
      expect([rows, courier.texts]).toEqual([1, ['a']]);
      expect(await isEmpty(elsewhere)).toBe(true);
      await until(() => isEmpty(here));
    });
  });

  describe('when its connection may only read', () => {
    it('refuses to start, and says what it needs', async () => {
      const [writable, replica] = [await opened(connect()), await opened(readOnly())];
      await start(writable, { sweepIntervalMs: false });
      const [row] = await rowsOf(
        writable,
        `select ${writable.dialect === 'postgres' ? 'current_schema()' : 'database()'} as place`,
      );
      const outbox = { createTable: false, schema: String(row!['place']) };
      expect(await errorOf(() => boot(replica, { outbox }))).toMatchObject({
        code: 'AIRLOCK_OUTBOX_TABLE',
        message: expect.stringContaining('a server that is not read only') as string,
      });
    });
  });
}
