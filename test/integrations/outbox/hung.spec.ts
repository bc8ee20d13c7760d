import type { INestApplicationContext } from '@nestjs/common';
import {
  type AirlockModuleOptions,
  AirlockService,
  openFrame,
  ShuttingDownError,
} from 'nestjs-airlock';
import { AirlockOutbox, type AirlockOutboxOptions } from 'nestjs-airlock/outbox';
import { describeWith, postgres } from '../../servers.js';
import { Lines, until } from '../remote.js';
import { type OutboxClient, rowsOf, untilRenewed } from './client.js';
import { connectPg } from './clients/pg.js';
import { boot, Courier, Mail } from './fixtures.js';

/** A claim of this length is still renewed in time where a busy machine holds its process up. */
const sweepAfterMs = 900;
const forever = (): Promise<void> => new Promise(() => {});

describeWith(postgres, 'The outbox', () => {
  let client: OutboxClient;
  const apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    client = await connectPg();
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await client.connection.query('delete from airlock_outbox', []);
  });

  afterAll(() => client?.close());

  const start = async (
    outbox: Partial<AirlockOutboxOptions> = {},
    airlock: AirlockModuleOptions = {},
    lines = new Lines(),
  ): Promise<INestApplicationContext> => {
    const app = await boot(client, {
      outbox: { sweepIntervalMs: 30, ...outbox },
      airlock: { shutdownTimeoutMs: 500, ...airlock },
      lines,
    });
    apps.push(app);
    return app;
  };
  const leaveOne = async (text: string, position = 0, effect = 'Mail.send'): Promise<void> => {
    const id = `${text}:0`;
    const envelope = JSON.stringify({ v: 1, id, effect, args: [text], at: 'now' });
    await client.connection.query(
      'insert into airlock_outbox (id, position, effect, envelope, written_at, due_at) values ($1, $2, $3, $4, 1, 1)',
      [id, position, effect, envelope],
    );
  };
  const leave = async (...texts: string[]): Promise<void> => {
    for (const [i, text] of texts.entries()) await leaveOne(text, i);
  };
  const rows = () => rowsOf(client, 'select id, due_at, attempts from airlock_outbox order by id');
  /** Waits until a process that shuts down takes over nothing more. */
  const untilStopped = (app: INestApplicationContext): Promise<void> =>
    until(async () => {
      const answer: unknown = await app
        .get(AirlockOutbox)
        .retry('no id')
        .catch((error: unknown) => error);
      return answer instanceof ShuttingDownError;
    });

  describe('when an effect that is swept up hangs', () => {
    it('goes on to the others and sweeps again', async () => {
      const app = await start({}, { effectTimeoutMs: 100 });
      const mail = app.get(Mail);
      mail.before = (text) => (text === 'a' ? forever() : undefined);
      await leave('a', 'b');
      await until(() => mail.sent.length === 1);
      await leave('c');
      await until(() => mail.sent.length === 2);
      expect(mail.sent).toEqual(['b', 'c']);
      await until(async () => (await rows()).length === 1);
    });

    it('leaves it to other processes when it has taken ten times the time limit', async () => {
      const second = await start(
        { sweepIntervalMs: false, sweepAfterMs },
        { effectTimeoutMs: sweepAfterMs / 6 },
      );
      const first = await start({ sweepAfterMs }, { effectTimeoutMs: sweepAfterMs / 6 });
      first.get(Mail).before = forever;
      await leave('a');
      await untilRenewed(client, second.get(AirlockOutbox));
      expect(second.get(Mail).sent).toEqual([]);
      await until(async () => {
        await second.get(AirlockOutbox).sweep();
        return second.get(Mail).sent.length === 1;
      });
    });
  });

  describe('when an effect that is swept up has a longer limit of its own', () => {
    it('keeps its claim for as long, beyond ten times the limit of the application', async () => {
      const limits = [{ sweepAfterMs }, { effectTimeoutMs: sweepAfterMs / 10 }] as const;
      const [first, second] = [await start(...limits), await start(...limits)];
      let begun = 0;
      let open = (): void => {};
      for (const app of [first, second])
        app.get(Mail).before = () => (begun++, new Promise((resolve) => (open = resolve)));
      await leaveOne('a', 0, 'Mail.ship');
      await until(() => begun === 1);
      const end = Date.now() + 3 * sweepAfterMs;
      await until(async () => Number((await rows())[0]!['due_at']) > end);
      expect(begun).toBe(1);
      open();
      await until(async () => (await rows()).length === 0);
    });
  });

  describe('when a sweep is asked for inside a transaction', () => {
    it('runs what it finds outside of it', async () => {
      const app = await start({ sweepIntervalMs: false });
      const mail = app.get(Mail);
      mail.before = async (text) => {
        if (text === 'a') await mail.send('cascade');
      };
      await leave('a');
      const frame = openFrame({ name: 'admin' });
      await frame.run(() => app.get(AirlockOutbox).sweep());
      frame.rollBack();
      expect(mail.sent).toEqual(['a', 'cascade']);
    });
  });

  describe('when the application shuts down', () => {
    it('keeps its claim on what still runs', async () => {
      const second = await start({ sweepIntervalMs: false, sweepAfterMs });
      const first = await start({ sweepAfterMs }, { shutdownTimeoutMs: 5_000 });
      let open: (() => void) | undefined;
      first.get(Mail).before = () => new Promise((resolve) => (open = resolve));
      await leave('a');
      await until(() => open);
      const closing = first.close();
      await untilStopped(first);
      await untilRenewed(client, second.get(AirlockOutbox));
      open!();
      await closing;
      expect([first.get(Mail).sent, second.get(Mail).sent]).toEqual([['a'], []]);
    });

    it('begins nothing more of its claim, and leaves that to others at once', async () => {
      const app = await start({}, { shutdownTimeoutMs: 5_000 });
      const mail = app.get(Mail);
      let open: (() => void) | undefined;
      mail.before = () => new Promise((resolve) => (open = resolve));
      await leave('a', 'b', 'c', 'd');
      await until(() => open);
      const closing = app.close();
      await untilStopped(app);
      open!();
      await closing;
      expect(mail.sent).toEqual(['a']);
      const left = await rows();
      expect(left.map(({ id }) => id)).toEqual(['b:0', 'c:0', 'd:0']);
      expect(left.every(({ due_at }) => Number(due_at) < Date.now() + 1_000)).toBe(true);
    });
  });

  describe('when an executor does not answer', () => {
    it('gives a hand-over up after the time limit of the application, and keeps what was written', async () => {
      const courier = new Courier();
      courier.before = forever;
      const app = await start({ executor: courier }, { effectTimeoutMs: 100 });
      const send = (): Promise<void> => app.get(Mail).send('a');
      const error = await app
        .get(AirlockService)
        .run(send)
        .catch((one: unknown) => one);
      expect(String(error)).toContain('Courier did not answer within 100 ms');
      expect(String(error)).toContain('allow more time with `effectTimeoutMs`');
      await app.get(AirlockService).run(() => client.transaction(send));
      courier.before = () => {};
      await until(() => courier.taken.length === 1);
    });
  });

  describe('when a scope ends with its first failure', () => {
    it('drops what follows where nothing was written', async () => {
      const app = await start();
      const mail = app.get(Mail);
      const begun: unknown[] = [];
      mail.before = (text) => {
        begun.push(text);
        throw new Error('no');
      };
      const work = app.get(AirlockService).run({ dispatchMode: 'failFast' }, async () => {
        await mail.send('a');
        await mail.send('b');
      });
      await work.catch(() => {});
      expect(begun).toEqual(['a']);
    });
  });

  describe('when an effect is retried by hand that this process is at', () => {
    it('lets it go on, and runs it once', async () => {
      const app = await start();
      const mail = app.get(Mail);
      let open = (): void => {};
      mail.before = () => new Promise((resolve) => (open = resolve));
      await leave('a');
      await until(async () => Number((await rows())[0]!['due_at']) > 1);
      const other = await start();
      expect(await app.get(AirlockOutbox).retry('a:0')).toBe('busy');
      expect(await other.get(AirlockOutbox).retry('a:0')).toBe('busy');
      expect(other.get(Mail).sent).toEqual([]);
      open();
      await until(() => mail.sent.length === 1);
    });
  });

  describe('when the database is down for a while', () => {
    it('says so once', async () => {
      let isDown = false;
      let refused = 0;
      const query = (sql: string, values: unknown[]): Promise<unknown> =>
        isDown
          ? (refused++, Promise.reject(new Error('connection refused')))
          : (client.connection.query(sql, values) as Promise<unknown>);
      const lines = new Lines();
      const connection = { query } as OutboxClient['connection'];
      await start({ connection, sweepAfterMs: 90, dispatchTimeoutMs: 1_000 }, {}, lines);
      isDown = true;
      await until(() => refused >= 5);
      isDown = false;
      expect(
        lines.of('warn').filter((line) => line.includes('could not be looked at')),
      ).toHaveLength(1);
    });
  });

  describe('when its table is locked for a while, as by VACUUM FULL', () => {
    it('leaves the application its connections, and goes on when it is free', async () => {
      const courier = new Courier();
      let unanswered = 0;
      const query = async (sql: string, values: unknown[]): Promise<unknown> => {
        unanswered++;
        try {
          return (await client.connection.query(sql, values)) as unknown;
        } finally {
          unanswered--;
        }
      };
      const app = await start({
        executor: courier,
        connection: { query } as OutboxClient['connection'],
        sweepIntervalMs: false,
        dispatchTimeoutMs: 500,
      });
      await leave('a');
      await client.transaction(async (tx) => {
        await tx.query('lock table airlock_outbox in access exclusive mode');
        for (let i = 0; i < 5; i++) {
          const sweep = app.get(AirlockOutbox).sweep();
          await expect(sweep).rejects.toMatchObject({ code: 'AIRLOCK_ENGINE_UNREACHABLE' });
        }
        expect(unanswered).toBe(3);
      });
      await until(() => unanswered === 0);
      // What was given up on has claimed it.
      await client.connection.query('update airlock_outbox set due_at = 0', []);
      await until(async () => {
        await app.get(AirlockOutbox).sweep();
        return courier.texts.length > 0;
      });
      expect(courier.texts).toEqual(['a']);
    });

    it('has one statement at a time try whether it is free', async () => {
      let unanswered = 0;
      const query = async (sql: string, values: unknown[]): Promise<unknown> => {
        unanswered++;
        try {
          return (await client.connection.query(sql, values)) as unknown;
        } finally {
          unanswered--;
        }
      };
      const app = await start({
        connection: { query } as OutboxClient['connection'],
        sweepIntervalMs: false,
        dispatchTimeoutMs: 500,
      });
      const outbox = app.get(AirlockOutbox);
      const ask = () => Promise.allSettled([outbox.stuck(), outbox.stuck(), outbox.sweep()]);
      await client.transaction(async (tx) => {
        await tx.query('lock table airlock_outbox in access exclusive mode');
        await ask();
        expect(unanswered).toBe(3);
        await until(async () => {
          await ask();
          return unanswered > 3;
        });
        expect(unanswered).toBe(4);
      });
      await until(() => unanswered === 0);
    });
  });

  describe('when a network swallows answers, and later ones come', () => {
    it('goes on, although what it lost has not ended', async () => {
      const courier = new Courier();
      let toLose = 0;
      const query = (sql: string, values: unknown[]): Promise<unknown> =>
        toLose-- > 0 ? forever() : (client.connection.query(sql, values) as Promise<unknown>);
      const app = await start({
        executor: courier,
        connection: { query } as OutboxClient['connection'],
        sweepIntervalMs: false,
        // A claim that is only answered late would have taken the row.
        dispatchTimeoutMs: 500,
      });
      await leave('a');
      toLose = 4;
      await until(() =>
        app
          .get(AirlockOutbox)
          .sweep()
          .then(() => true)
          .catch(() => false),
      );
      expect(courier.texts).toEqual(['a']);
    });
  });

  describe('when many effects fail alike', () => {
    it('tells of them in one line, with their number', async () => {
      const lines = new Lines();
      const courier = new Courier();
      const app = await start(
        { executor: courier, sweepIntervalMs: false, retryDelayMs: 60_000 },
        {},
        lines,
      );
      courier.before = () => {
        throw new Error('no such address');
      };
      await leave('a', 'b', 'c');
      await app.get(AirlockOutbox).sweep();
      expect(await app.get(AirlockOutbox).stuck()).toHaveLength(3);
      expect(lines.of('error').filter((line) => line.includes('no such address'))).toHaveLength(1);
      expect(lines.of('error').join('\n')).toContain('(a:0 and 2 more)');
    });
  });
});
