import type { INestApplicationContext } from '@nestjs/common';
import { AirlockService, type Executor, type Intent } from 'nestjs-airlock';
import {
  AirlockOutbox,
  type AirlockOutboxOptions,
  type OutboxConnection,
} from 'nestjs-airlock/outbox';
import { describeWith, mariadb, postgres } from '../../servers.js';
import { until } from '../remote.js';
import { type OutboxClient, type Row, rowsOf } from './client.js';
import { connectMariadb } from './clients/drizzle.js';
import { connectPg } from './clients/pg.js';
import { connectBetterSqlite } from './clients/typeorm.js';
import { boot, Mail } from './fixtures.js';

/** A process that loses the database for a while, and what it has asked. */
class Wire implements OutboxConnection {
  isCut = false;
  readonly asked: string[] = [];

  constructor(private readonly connection: OutboxConnection) {}

  async query(sql: string, values: unknown[]): Promise<unknown> {
    this.asked.push(sql);
    if (this.isCut) throw new Error('connection refused');
    return this.connection.query(sql, values);
  }

  /** Resolves when a statement like that has been sent from here on. */
  async hasAsked(part: string): Promise<void> {
    const before = this.asked.length;
    await until(() => this.asked.slice(before).some((sql) => sql.includes(part)));
  }
}

/** Runs what it is handed, without batches: it hands over one after the other. */
class Carrier implements Executor {
  readonly remote = true;
  mail!: Mail;

  async execute({ args: [text] }: Intent): Promise<void> {
    await this.mail.before(text);
    this.mail.sent.push(text);
  }
}

function describeClaims(name: string, connect: () => Promise<OutboxClient>): void {
  describe(`Claims in ${name}`, () => {
    let client: OutboxClient;
    const apps: INestApplicationContext[] = [];

    beforeAll(async () => {
      client = await connect();
    });

    afterEach(async () => {
      await Promise.all(apps.splice(0).map((app) => app.close()));
      await client.connection.query('delete from airlock_outbox', []);
    });

    afterAll(() => client?.close());

    const start = async (outbox: Partial<AirlockOutboxOptions>, carrier?: Carrier) => {
      const wire = new Wire(client.connection);
      const app = await boot(client, {
        outbox: {
          connection: wire,
          sweepIntervalMs: 20,
          sweepAfterMs: 800,
          retryDelayMs: 60_000,
          ...outbox,
          ...(carrier && { executor: carrier }),
        },
      });
      apps.push(app);
      const mail = app.get(Mail);
      if (carrier !== undefined) carrier.mail = mail;
      return { wire, mail, outbox: app.get(AirlockOutbox), airlock: app.get(AirlockService) };
    };
    const write = ({ airlock, mail }: Awaited<ReturnType<typeof start>>, ...texts: string[]) =>
      airlock.run(() =>
        client.transaction(async () => {
          for (const text of texts) await mail.send(text);
        }),
      );
    const rows = (): Promise<readonly Row[]> =>
      rowsOf(client, 'select id, due_at, attempts from airlock_outbox');
    /** A hold on the first run of a process. */
    const holding = ({
      mail,
    }: {
      readonly mail: Mail;
    }): { hasBegun(): Promise<void>; end(error?: Error): void } => {
      let begun = 0;
      let end = (_error?: Error): void => {};
      mail.before = () =>
        begun++ > 0
          ? undefined
          : new Promise((resolve, reject) => {
              end = (error) => (error === undefined ? resolve() : reject(error));
            });
      return { hasBegun: () => until(() => begun > 0), end: (error?: Error) => end(error) };
    };

    describe('when a process could not prolong its claims, and another has taken over', () => {
      describe.each([
        ['in process', (): Carrier | undefined => undefined],
        ['through an executor', () => new Carrier()],
      ] as const)('%s', (_, carrier) => {
        it('does not begin what waits for a run that was swept up', async () => {
          const writer = await start({ sweepIntervalMs: false }, new Carrier());
          writer.mail.before = () => {
            throw new Error('not here');
          };
          await write(writer, 'a', 'b');
          const first = await start({}, carrier());
          const run = holding(first);
          await client.connection.query('update airlock_outbox set due_at = 1', []);
          await run.hasBegun();
          first.wire.isCut = true;
          const second = await start({}, carrier());
          await until(() => second.mail.sent.length === 2);
          first.wire.isCut = false;
          run.end();
          await first.outbox.sweep();
          expect(first.mail.sent).toEqual(['a']);
          expect(second.mail.sent).toEqual(['a', 'b']);
        });

        it('does not begin what waits in its flush', async () => {
          const first = await start({}, carrier());
          const run = holding(first);
          const written = write(first, 'a', 'b');
          await run.hasBegun();
          first.wire.isCut = true;
          const second = await start({}, carrier());
          await until(() => second.mail.sent.length === 2);
          first.wire.isCut = false;
          run.end();
          await written;
          expect(first.mail.sent).toEqual(['a']);
          expect(second.mail.sent).toEqual(['a', 'b']);
        });
      });
    });

    describe('when another process has claimed a row that this one is at', () => {
      const taken = Date.now() + 600_000;
      const take = () => client.connection.query(`update airlock_outbox set due_at = ${taken}`, []);

      it('neither takes it back, nor counts a failure of its own', async () => {
        const first = await start({});
        const run = holding(first);
        const written = write(first, 'a').catch(() => {});
        await run.hasBegun();
        await take();
        await first.wire.hasAsked('update');
        await first.wire.hasAsked('update');
        expect((await rows()).map((row) => Number(row['due_at']))).toEqual([taken]);
        run.end(new Error('no such address'));
        await written;
        expect(
          (await rows()).map(({ due_at, attempts }) => [due_at, attempts].map(Number)),
        ).toEqual([[taken, 0]]);
      });
    });

    describe('when two processes retry and discard the same effects', () => {
      it('runs each once, or never, as exactly one of them was told', async () => {
        const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
        const patient = { sweepIntervalMs: false, sweepAfterMs: 60_000 } as const;
        const both = [await start(patient), await start(patient)];
        both[0]!.mail.before = () => {
          throw new Error('not now');
        };
        await write(both[0]!, ...texts).catch(() => {});
        both[0]!.mail.before = () => {};
        const said = await Promise.all(
          (await rows()).flatMap(({ id }, i) =>
            both.flatMap(({ outbox }, j) =>
              (i + j) % 2 ? outbox.retry(String(id)) : outbox.discard(String(id)),
            ),
          ),
        );
        await until(async () => (await rows()).length === 0);
        const count = (result: string): number => said.filter((one) => one === result).length;
        expect(count('tried') + count('discarded')).toBe(texts.length);
        const ran = both.flatMap(({ mail }) => mail.sent);
        expect(new Set(ran).size).toBe(ran.length);
        expect(ran).toHaveLength(count('tried'));
      });
    });

    describe('when an effect is to be discarded that a process is at', () => {
      it('is left to it', async () => {
        const [first, second] = [await start({}), await start({})];
        const run = holding(first);
        const written = write(first, 'a');
        await run.hasBegun();
        const id = String((await rows())[0]!['id']);
        expect([await first.outbox.discard(id), await second.outbox.discard(id)]).toEqual([
          'busy',
          'busy',
        ]);
        run.end();
        await written;
        await until(async () => (await rows()).length === 0);
        expect(await second.outbox.discard(id)).toBe('absent');
        expect(first.mail.sent).toEqual(['a']);
      });
    });
  });
}

describeWith(postgres, 'PostgreSQL', () => describeClaims('PostgreSQL', connectPg));
describeWith(mariadb, 'MariaDB', () => describeClaims('MariaDB', connectMariadb));
describeClaims('SQLite', connectBetterSqlite);
