import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import {
  AirlockOptionsError,
  AirlockService,
  DispatchError,
  EffectBuffer,
  EffectSerializationError,
  Intent,
} from 'nestjs-airlock';
import {
  type AirlockPgBossOptions,
  type PgBossClient,
  PgBossExecutor,
  type PgBossJobOptions,
} from 'nestjs-airlock/pg-boss';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { Mail } from './mail.js';
import {
  boot,
  type Database,
  jobsIn,
  onPostgres,
  until,
  type Version,
} from './pg-boss.fixtures.js';

jest.setTimeout(60_000);

const versions: readonly Version[] = [12, 10];

describeWith(postgres, 'the options of AirlockPgBossModule', () => {
  describe.each(versions)('with pg-boss %i', (version) => {
    let database: Database;
    let boss: PgBossClient;
    let apps: INestApplicationContext[];

    beforeAll(() => {
      database = onPostgres(version);
    });

    beforeEach(() => {
      boss = database.boss();
      apps = [];
    });

    afterEach(async () => {
      for (const app of apps) await app.close();
      await boss.stop({ graceful: false });
      await database.query(`delete from ${database.schema}.job`);
    });

    afterAll(() => database.close());

    const start = async (
      options: Partial<AirlockPgBossOptions> = {},
    ): Promise<INestApplicationContext> => {
      const app = await boot({ pgBoss: { boss, ...options }, providers: [Mail] });
      apps.push(app);
      return app;
    };
    const send = (
      app: INestApplicationContext,
      dispatchOptions: Record<string, unknown>,
    ): Promise<void> =>
      app
        .get(AirlockService)
        .run(() => app.get(EffectBuffer).defer(app.get(Mail), { dispatchOptions }).send('letter'));
    const row = async () => (await jobsIn(database))[0]!.row;

    describe('when an effect has dispatch options', () => {
      it('hands them to its job as they are', async () => {
        const app = await start({ queues: { letters_dead: {} } });
        await send(app, {
          priority: 5,
          retryLimit: 7,
          retryDelay: 3,
          retryBackoff: true,
          singletonKey: 'one letter',
          startAfter: 100,
          expireInSeconds: 60,
          deadLetter: 'letters_dead',
        });
        expect(await row()).toMatchObject({
          priority: 5,
          retry_limit: 7,
          retry_delay: 3,
          retry_backoff: true,
          singleton_key: 'one letter',
          dead_letter: 'letters_dead',
        });
        const [times] = await database.query(
          `select extract(epoch from start_after - created_on)::int as delay,
                  ${version === 12 ? 'expire_seconds' : 'extract(epoch from expire_in)::int'} as expiry
             from ${database.schema}.job`,
        );
        expect(times).toEqual({ delay: 100, expiry: 60 });
      });

      it('takes a moment to start at', async () => {
        const moment = new Date('2031-05-06T07:08:09.000Z');
        await send(await start(), { startAfter: moment });
        expect((await row())['start_after']).toEqual(moment);
      });

      it('writes one job for several under one singleton key and period', async () => {
        const app = await start();
        for (let i = 0; i < 2; i++)
          await send(app, { singletonKey: 'one letter', singletonSeconds: 3_600 });
        expect(await jobsIn(database)).toHaveLength(1);
      });

      it('lets them win over those for every job', async () => {
        const app = await start({ jobOptions: { priority: 1, retryLimit: 4 } });
        await send(app, { priority: 2 });
        expect(await row()).toMatchObject({ priority: 2, retry_limit: 4 });
      });

      it('refuses the call with one that pg-boss does not have, and writes the others', async () => {
        const app = await start();
        const mail = app.get(Mail);
        const withAttempts = app
          .get(EffectBuffer)
          .defer(mail, { dispatchOptions: { attempts: 3 } });
        let error: unknown;
        await app.get(AirlockService).run(async () => {
          await mail.send('first');
          error = errorIn(() => withAttempts.send('second'));
          await mail.send('third');
        });
        expect(error).toBeInstanceOf(AirlockOptionsError);
        expect(error).toMatchObject({
          key: 'dispatchOptions.attempts',
          message: expect.stringMatching(
            /^`attempts` of effect "Mail\.send" is no option of a job .+ Known options: priority, startAfter/,
          ),
        });
        expect((await jobsIn(database)).map(({ args }) => args[0])).toEqual(['first', 'third']);
      });
    });

    describe('when options for every job have one that pg-boss does not have', () => {
      it('does not start', async () => {
        const error = await errorOf<AirlockOptionsError>(() =>
          start({ jobOptions: { retryLimit: 2, attempts: 3 } as PgBossJobOptions }),
        );
        expect(error).toBeInstanceOf(AirlockOptionsError);
        expect(error.key).toBe('jobOptions.attempts');
        expect(error.message).toMatch(
          /^`attempts` is no option of a job .+ Known options: priority, startAfter/,
        );
      });

      it('knows its version', async () => {
        const others = version === 12 ? { keepUntil: new Date() } : { retentionSeconds: 60 };
        const error = await errorOf<AirlockOptionsError>(() => start({ jobOptions: others }));
        expect(error.key).toBe(`jobOptions.${Object.keys(others)[0]}`);
      });
    });

    describe('when a queue has options', () => {
      it('creates it with them, and the dead letter queue it names', async () => {
        const name = `letters_${randomUUID().slice(0, 8)}`;
        const [dead, buried] = [`${name}_dead`, `${name}_buried`];
        await start({
          queue: name,
          queues: { [name]: { retryLimit: 9, deadLetter: dead }, [dead]: { deadLetter: buried } },
        });
        expect(await boss.getQueue(name)).toMatchObject({ retryLimit: 9, deadLetter: dead });
        expect(await boss.getQueue(dead)).toMatchObject({ deadLetter: buried });
      });
    });

    describe('when effects go to several queues', () => {
      const byText = ({ args: [text] }: Intent): string =>
        String(text).startsWith('urgent') ? 'urgent' : 'airlock';

      it('writes consecutive ones of a queue in one statement each', async () => {
        const app = await start({ queues: { urgent: {} }, queueFor: byText });
        const insert = jest.spyOn(boss, 'insert' as never);
        const mail = app.get(Mail);
        await app.get(AirlockService).run(async () => {
          for (const text of ['a', 'b', 'urgent c', 'urgent d', 'e']) await mail.send(text);
        });
        expect(insert).toHaveBeenCalledTimes(3);
        const jobs = (await jobsIn(database)).map(
          ({ queue, args }) => `${queue}: ${String(args[0])}`,
        );
        expect(new Set(jobs)).toEqual(
          new Set([
            'airlock: a',
            'airlock: b',
            'urgent: urgent c',
            'urgent: urgent d',
            'airlock: e',
          ]),
        );
      });

      it('refuses a queue that nobody has made sure of, and writes the others', async () => {
        const app = await start({ queueFor: byText });
        const mail = app.get(Mail);
        const error = await errorOf<DispatchError>(() =>
          app.get(AirlockService).run(async () => {
            await mail.send('a');
            await mail.send('urgent b');
          }),
        );
        expect(String(error.failures[0]!.error)).toContain(
          'the queue "urgent", which is none of those here: airlock',
        );
        expect(await jobsIn(database)).toHaveLength(1);
      });
    });

    describe('when there is one queue', () => {
      it('writes all effects of a scope in one statement', async () => {
        const app = await start();
        const insert = jest.spyOn(boss, 'insert' as never);
        await app.get(AirlockService).run(async () => {
          for (let i = 0; i < 50; i++) await app.get(Mail).send(`${i}`);
        });
        expect(insert).toHaveBeenCalledTimes(1);
        expect(await jobsIn(database)).toHaveLength(50);
      });
    });

    describe('when an intent is written twice', () => {
      it('makes one job of it', async () => {
        const app = await start();
        const scope = app.get(AirlockService).open();
        await scope.run(() => app.get(Mail).send('letter'));
        const [intent] = scope.intents;
        for (let i = 0; i < 2; i++) await app.get(PgBossExecutor).execute(intent!);
        scope.close();
        scope.discard();
        expect(
          (await jobsIn(database)).map(({ row: { data } }) => (data as { id: string }).id),
        ).toEqual([intent!.id]);
      });
    });

    describe('when an effect has no name that a worker could find', () => {
      const ran: string[] = [];
      const plain = (text: string): void => void ran.push(text);

      it('runs it in this process', async () => {
        const app = await start();
        await app.get(AirlockService).run(() => app.get(EffectBuffer).enqueue(plain, 'here'));
        expect(ran).toEqual(['here']);
        expect(await jobsIn(database)).toEqual([]);
      });

      it('refuses the call where it is told to', async () => {
        const app = await start({ plainFunctions: 'refuse' });
        const error = await errorOf<AirlockOptionsError>(() =>
          app.get(AirlockService).run(() => app.get(EffectBuffer).enqueue(plain, 'here')),
        );
        expect(error.key).toBe('plainFunctions');
      });
    });

    describe('when arguments need a serializer', () => {
      it('hands them over to the worker', async () => {
        const app = await start({
          serializer: {
            serialize: (args) =>
              args.map((arg) => (arg instanceof Date ? { date: arg.toISOString() } : arg)),
            deserialize: (args) => args.map((arg) => (isDate(arg) ? new Date(arg.date) : arg)),
          },
          worker: { pollingIntervalSeconds: 0.5 },
        });
        const mail = app.get(Mail);
        await app.get(AirlockService).run(() => mail.sendAt(new Date(7)));
        await until(() => mail.sent.length > 0);
        expect(mail.sent).toEqual(['sent at 1970-01-01T00:00:00.007Z']);
      });
    });

    describe('when a text is one that PostgreSQL cannot store', () => {
      const texts = [
        ['a\0b', 'args[0]', 'a NUL character'],
        [{ lines: ['fine \u{1f600}', 'half \ud83d'] }, 'args[0].lines[1]', 'half a character'],
        [{ 'a\0b': 1 }, 'args[0]["a\\u0000b"]', 'a NUL character'],
      ] as const;

      it.each(texts)('refuses the call, naming the place of %j', async (text, path, found) => {
        const app = await start();
        const error = await errorOf<EffectSerializationError>(() =>
          app.get(AirlockService).run(() => app.get(Mail).send(text as string)),
        );
        expect(error).toBeInstanceOf(EffectSerializationError);
        expect(error.path).toBe(path);
        expect(error.message).toContain(found);
      });

      it('takes every other', async () => {
        const app = await start();
        const fine = 'é \u{1f600} \u0001 \uffff \\u0000';
        await app.get(AirlockService).run(() => app.get(Mail).send(fine));
        expect((await jobsIn(database)).map(({ args }) => args)).toEqual([[fine]]);
      });
    });

    describe('when an effect is too large', () => {
      it('refuses the call', async () => {
        const app = await start({ maxPayloadBytes: 100 });
        const error = await errorOf(() =>
          app.get(AirlockService).run(() => app.get(Mail).send('x'.repeat(200))),
        );
        expect(error).toBeInstanceOf(EffectSerializationError);
      });
    });
  });

  describe('when an option is wrong', () => {
    const wrong: readonly (readonly [string, object, string])[] = [
      [
        'an unknown key',
        { boss: {}, queu: 'a' },
        'Unknown option `queu`. Known options: plainFunctions,',
      ],
      [
        'no boss',
        {},
        'Expected `boss` to be a `PgBoss`, the token of one, or what to build one with, got `undefined`',
      ],
      [
        'a queue without a name',
        { boss: {}, queue: '' },
        'Expected `queue` to be a non-empty string',
      ],
      ['queues that are a list', { boss: {}, queues: ['a'] }, 'Expected `queues` to be an object'],
      [
        'a queue whose options are a flag',
        { boss: {}, queues: { a: true } },
        'Expected `queues.a` to be an object',
      ],
      [
        'no concurrency',
        { boss: {}, worker: { concurrency: 0 } },
        'Expected `worker.concurrency` to be a positive integer',
      ],
      [
        'an unknown key of the worker',
        { boss: {}, worker: { teams: 2 } },
        'Unknown option `worker.teams`',
      ],
      [
        'polls without a pause',
        { boss: {}, worker: { pollingIntervalSeconds: 0.1 } },
        '0.5 or more',
      ],
      [
        'a worked queue that is not there',
        { boss: {}, worker: { queues: ['a'] } },
        'names the queue "a"',
      ],
      [
        'a flag that is none',
        { boss: {}, createQueues: 'yes' },
        'Expected `createQueues` to be true or false',
      ],
      [
        'a URL instead of what to build a PgBoss with',
        { boss: 'postgres://user:secretpw@host/db' },
        'Write `boss: { connectionString }`',
      ],
      [
        'the other form of it',
        { boss: 'postgresql://user:secretpw@host/db' },
        'Write `boss: { connectionString }`',
      ],
      [
        'no time',
        { boss: {}, dispatchTimeoutMs: 0 },
        'Expected `dispatchTimeoutMs` to be a number of milliseconds, more than 0',
      ],
      [
        'more time than a timer can wait',
        { boss: {}, dispatchTimeoutMs: 2 ** 31 },
        'at most 2147483647',
      ],
    ];

    it.each(wrong)('does not start with %s', async (_, options, message) => {
      const error = await errorOf(() => boot({ pgBoss: options as AirlockPgBossOptions }));
      expect(error.message).toContain(message);
      expect(inspect(error)).not.toContain('secretpw');
    });
  });
});

function errorIn(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

function isDate(value: unknown): value is { readonly date: string } {
  return typeof value === 'object' && value !== null && 'date' in value;
}
