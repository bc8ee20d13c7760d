import type { INestApplicationContext } from '@nestjs/common';
import {
  type AirlockModuleOptions,
  AirlockService,
  EffectBuffer,
  type Intent,
} from 'nestjs-airlock';
import { AirlockOutbox, type AirlockOutboxOptions } from 'nestjs-airlock/outbox';
import { EngineUnreachableError } from '../../../lib/errors/engine-unreachable.error.js';
import { describeWith, postgres } from '../../servers.js';
import { Lines, until } from '../remote.js';
import { type OutboxClient, rowsOf, untilRenewed } from './client.js';
import { connectPg } from './clients/pg.js';
import { boot, Courier, Mail } from './fixtures.js';

describeWith(postgres, 'The outbox', () => {
  let client: OutboxClient;
  let lines: Lines;
  const apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    client = await connectPg();
  });

  beforeEach(() => {
    lines = new Lines();
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await client.connection.query('delete from airlock_outbox', []);
  });

  afterAll(() => client?.close());

  const start = async (
    outbox: Partial<AirlockOutboxOptions> = {},
    airlock: AirlockModuleOptions = {},
  ): Promise<INestApplicationContext> => {
    const app = await boot(client, { outbox: { sweepIntervalMs: 20, ...outbox }, airlock, lines });
    apps.push(app);
    return app;
  };
  const send = (app: INestApplicationContext, ...texts: string[]): Promise<void> =>
    app.get(AirlockService).run(() =>
      client.transaction(async () => {
        for (const text of texts) await app.get(Mail).send(text);
      }),
    );
  const rows = () => rowsOf(client, 'select * from airlock_outbox order by position');
  const makeDue = () => client.connection.query('update airlock_outbox set due_at = 0', []);

  describe('when the effects of a transaction take several statements to be written', () => {
    it('keeps their order for whoever finds them', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier, sweepIntervalMs: false });
      courier.before = () => {
        throw new Error('not now');
      };
      const texts = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(120_000));
      await send(app, ...texts);
      const envelopes = (await rows()).map(({ envelope }) => String(envelope));
      expect(
        envelopes.map((envelope) => texts.findIndex((text) => envelope.includes(text))),
      ).toEqual([0, 1, 2, 3, 4]);
      expect(new Set((await rows()).map(({ position }) => position)).size).toBe(5);
      courier.before = () => {};
      await makeDue();
      await app.get(AirlockOutbox).sweep();
      expect(courier.texts.map((text) => String(text)[0])).toEqual(['a', 'b', 'c', 'd', 'e']);
    });
  });

  describe('when an executor refuses an effect', () => {
    it('keeps the row with its error, tells of it once, tries it later each time, and lists it', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier, retryDelayMs: 60_000 });
      courier.before = ({ args }) => {
        if (args[0] === 'bad') throw new Error('no such address');
      };
      await send(app, 'good', 'bad', 'also good');
      expect(courier.texts).toEqual(['good', 'also good']);
      const outbox = app.get(AirlockOutbox);
      await until(async () => (await rows()).length === 1);
      const [stuck] = await outbox.stuck();
      expect(stuck).toMatchObject({ effect: 'Mail.send', attempts: 1, error: 'no such address' });
      await outbox.retry(stuck!.id);
      const [again] = await outbox.stuck();
      expect(again).toMatchObject({ id: stuck!.id, attempts: 2 });
      const wait = (one: typeof stuck) => one!.nextAt!.getTime() - Date.now();
      expect(wait(again)).toBeGreaterThan(90_000);
      expect(lines.of('error').filter((line) => line.includes(stuck!.id))).toHaveLength(1);
    });

    it('is not told to the scope: the effect is kept', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier });
      courier.before = () => {
        throw new Error('not now');
      };
      const scope = app.get(AirlockService).open();
      await scope.run(() => client.transaction(() => app.get(Mail).send('a')));
      const report = await scope.end('completed');
      expect(report.failed).toEqual([]);
      expect(report.dispatched.map(({ name }) => name)).toEqual(['Mail.send']);
    });

    it('gives it up after `maxAttempts`, says so, and tries it by hand only', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier, retryDelayMs: 1, maxAttempts: 2 });
      courier.before = () => {
        throw new Error('no such address');
      };
      await send(app, 'bad');
      const outbox = app.get(AirlockOutbox);
      await until(async () => (await outbox.stuck())[0]?.attempts === 2);
      expect((await outbox.stuck())[0]!.nextAt).toBeUndefined();
      expect(lines.of('error').at(-1)).toContain('is not tried again by itself');
      courier.before = () => {};
      const { id } = (await outbox.stuck())[0]!;
      expect(await outbox.retry(id)).toBe('tried');
      expect(courier.texts).toEqual(['bad']);
    });

    it('lists it without reading its arguments, which may be large', async () => {
      const answers: unknown[] = [];
      const query = async (sql: string, values: unknown[]): Promise<unknown> => {
        const answer: unknown = await client.connection.query(sql, values);
        answers.push(answer);
        return answer;
      };
      const app = await start({ connection: { query }, sweepIntervalMs: false });
      app.get(Mail).before = () => {
        throw new Error('not now');
      };
      await send(app, 'a large text').catch(() => {});
      answers.length = 0;
      expect(await app.get(AirlockOutbox).stuck()).toHaveLength(1);
      expect(JSON.stringify(answers)).toContain('not now');
      expect(JSON.stringify(answers)).not.toContain('a large text');
    });

    it('throws it away when it is told to', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier, retryDelayMs: 60_000 });
      courier.before = () => {
        throw new Error('no such address');
      };
      await send(app, 'bad');
      const outbox = app.get(AirlockOutbox);
      const { id } = (await outbox.stuck())[0]!;
      expect(await outbox.discard(id)).toBe('discarded');
      expect(await outbox.stuck()).toEqual([]);
      expect(await outbox.discard(id)).toBe('absent');
      expect(await outbox.retry(id)).toBe('absent');
    });
  });

  describe('when an engine cannot be reached', () => {
    it('counts no failure, tells of it once, and hands everything over when it is back', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier });
      courier.before = () => {
        throw new EngineUnreachableError('Redis', 10, 'not sent', 'not sent');
      };
      await send(app, 'a', 'b');
      await send(app, 'c');
      await app.get(AirlockOutbox).sweep();
      expect(await app.get(AirlockOutbox).stuck()).toEqual([]);
      expect(
        lines.of('warn').filter((line) => line.includes('until their engine is back')),
      ).toHaveLength(1);
      courier.before = () => {};
      await until(() => courier.taken.length === 3);
      // Each scope in its order; a sweep may have put the first off for longer than the second.
      expect(courier.texts).toContain('c');
      expect(courier.texts.filter((text) => text !== 'c')).toEqual(['a', 'b']);
      await until(async () => (await rows()).length === 0);
    });
  });

  describe('when effects run in this process', () => {
    it('runs them with the flush, once, and removes their rows', async () => {
      const app = await start();
      await send(app, 'a', 'b');
      expect(app.get(Mail).sent).toEqual(['a', 'b']);
      await until(async () => (await rows()).length === 0);
    });

    it('tells the scope of one that fails, and runs it again until it succeeds', async () => {
      const app = await start({ retryDelayMs: 1 });
      const mail = app.get(Mail);
      let tries = 0;
      mail.before = (text) => {
        if (text === 'bad' && ++tries < 3) throw new Error('not yet');
      };
      const told = await send(app, 'bad', 'good').catch((error: unknown) => error);
      expect((told as { failures?: unknown[] }).failures).toHaveLength(1);
      await until(() => mail.sent.length === 2);
      expect(mail.sent).toEqual(['good', 'bad']);
      await until(async () => (await rows()).length === 0);
    });

    it('runs what another process has left, in a scope of its own', async () => {
      // Without a time limit its effects never end, as in a process that is gone.
      const dying = await start(
        { sweepIntervalMs: false, sweepAfterMs: 300_000 },
        { effectTimeoutMs: false },
      );
      dying.get(Mail).before = () => new Promise(() => {});
      void send(dying, 'left', 'behind');
      await until(async () => (await rows()).length === 2);
      apps.length = 0;
      const heir = await start();
      expect(heir.get(Mail).sent).toEqual([]);
      await makeDue();
      await until(() => heir.get(Mail).sent.length === 2);
      expect(heir.get(Mail).sent).toEqual(['left', 'behind']);
    });

    it('keeps an effect that takes long from being taken for left behind', async () => {
      const sweepAfterMs = 900;
      const [first, second] = [await start({ sweepAfterMs }), await start({ sweepAfterMs })];
      let open = (): void => {};
      first.get(Mail).before = () => new Promise((resolve) => (open = resolve));
      const sending = send(first, 'slow');
      await untilRenewed(client, second.get(AirlockOutbox));
      open();
      await sending;
      await until(async () => (await rows()).length === 0);
      expect([first.get(Mail).sent, second.get(Mail).sent]).toEqual([['slow'], []]);
    });

    it('calls by reference, as ever, outside transactions', async () => {
      const app = await start();
      const when = new Date();
      await app.get(AirlockService).run(() => app.get(Mail).send(when));
      expect(app.get(Mail).sent).toEqual([when]);
    });
  });

  describe('when the table holds what this application does not know', () => {
    const insert = (id: string, envelope: string) =>
      client.connection.query(
        'insert into airlock_outbox (id, position, effect, envelope, written_at, due_at) values ($1, 1, $2, $3, 1, 1)',
        [id, 'Other.run', envelope],
      );
    const envelope = (effect: string) =>
      JSON.stringify({ v: 1, id: 'x:1', effect, args: [], at: 'now' });

    it.each([
      ['in this process', {}],
      ['for an executor', { executor: new Courier() }],
    ] as const)('keeps it with an error that names it, %s', async (_, outbox) => {
      const app = await start({ ...outbox, retryDelayMs: 60_000 });
      await insert('x:1', envelope('Other.run'));
      await insert('x:2', 'no JSON at all');
      await until(async () => (await app.get(AirlockOutbox).stuck()).length === 2);
      const stuck = (await app.get(AirlockOutbox).stuck()).toSorted((a, b) =>
        a.id.localeCompare(b.id),
      );
      expect(stuck[0]!.error).toContain('The outbox holds an effect that this application has not');
      expect(stuck[0]!.error).toContain('give each its own with `table`');
      expect(stuck[1]!.error).toContain('not an effect of this version');
    });
  });

  describe('when effects have rules of their own', () => {
    it('keeps those of failures, keys, policies and rollbacks', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier });
      const mail = app.get(Mail);
      const policy = { allows: ({ args }: Intent) => args[0] !== 'blocked' };
      const airlock = app.get(AirlockService);
      await airlock.run({ policy }, () =>
        client.transaction(async () => {
          await mail.send('a');
          await mail.send('blocked');
          await mail.apologise('sorry');
          await mail.sendOnce('once');
          await mail.sendOnce('once');
        }),
      );
      expect(courier.texts).toEqual(['a', 'once']);
      courier.taken.length = 0;
      const work = airlock.run(async () => {
        const failing = client.transaction(async () => {
          await mail.send('undone');
          await mail.note('survives');
          throw new Error('no stock');
        });
        await failing.catch(() => {});
      });
      await work;
      expect(courier.texts).toEqual(['survives']);
    });

    it('makes calls that no other process could find after the commit, in this one', async () => {
      const app = await start({ executor: new Courier() });
      const done: string[] = [];
      await app.get(AirlockService).run(() =>
        client.transaction(async () => {
          app.get(EffectBuffer).enqueue((text: string) => void done.push(text), 'plain');
        }),
      );
      expect(done).toEqual(['plain']);
      expect(lines.of('warn').join('\n')).toContain('does not go through the outbox');
    });
  });

  describe('when everything is to be written', () => {
    it('writes what is called outside transactions too', async () => {
      const courier = new Courier();
      const app = await start({ executor: courier, outsideTransaction: 'write' });
      let seen = 0;
      courier.before = async () => {
        seen = (await rows()).length;
      };
      await app.get(AirlockService).run(async () => {
        await app.get(Mail).send('a');
        await app.get(Mail).send('b');
      });
      expect(seen).toBe(2);
      expect(courier.batches).toEqual([2]);
      await until(async () => (await rows()).length === 0);
    });
  });

  describe('when the application shuts down', () => {
    it('has removed the rows of what is done', async () => {
      const app = await start();
      await send(app, 'a', 'b', 'c');
      await app.close();
      expect(await rows()).toEqual([]);
    });
  });
});
