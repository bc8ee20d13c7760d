import { type INestApplicationContext, Injectable, type Provider } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { AirlockService, EffectBuffer, SideEffect } from 'nestjs-airlock';
import type { AirlockPgBossOptions, PgBossClient } from 'nestjs-airlock/pg-boss';
import { describeWith, postgres } from '../../servers.js';
import {
  boot,
  type Database,
  jobsIn,
  Lines,
  NOTIFY,
  onPostgres,
  until,
  type Version,
} from './pg-boss.fixtures.js';

jest.setTimeout(60_000);

const versions: readonly Version[] = [12, 10];

/** Sends what it is told to; "slow" only once the gate is open, and "bad" never. */
@Injectable()
class Post {
  readonly begun: string[] = [];
  open!: () => void;
  private readonly gate = new Promise<void>((resolve) => (this.open = resolve));

  @SideEffect()
  async send(text: string): Promise<void> {
    this.begun.push(text);
    if (text === 'slow') await this.gate;
    if (text === 'bad') throw new Error('no such address');
  }
}

/** What only newer code has. */
@Injectable()
class Newer {
  @SideEffect()
  async send(_text: string): Promise<void> {}
}

describeWith(postgres, 'a worker of pg-boss that fetches several jobs at a time', () => {
  describe.each(versions)('with pg-boss %i', (version) => {
    let database: Database;
    let boss: PgBossClient;
    let lines: Lines;
    let apps: INestApplicationContext[];

    beforeAll(() => {
      database = onPostgres(version);
    });

    beforeEach(() => {
      boss = database.boss();
      lines = new Lines();
      apps = [];
    });

    afterEach(async () => {
      for (const app of apps) {
        app.get(Post).open();
        await app.close();
      }
      await boss.stop({ graceful: false });
      await database.query(`delete from ${database.schema}.job`);
    });

    afterAll(() => database.close());

    interface Course {
      readonly retryLimit?: number;
      readonly shutdownTimeoutMs?: number;
      readonly worker?: boolean;
      readonly boss?: PgBossClient;
      readonly pgBoss?: Partial<AirlockPgBossOptions>;
      readonly providers?: readonly Provider[];
    }
    const start = async (course: Course = {}): Promise<INestApplicationContext> => {
      const { retryLimit = 0, shutdownTimeoutMs = 10_000, worker = true } = course;
      const app = await boot({
        providers: [Post, ...(course.providers ?? [])],
        airlock: { shutdownTimeoutMs },
        pgBoss: {
          boss: course.boss ?? boss,
          queues: NOTIFY,
          jobOptions: { retryLimit },
          worker: worker && { batchSize: 5, pollingIntervalSeconds: 0.5 },
          ...course.pgBoss,
        },
        lines,
      });
      apps.push(app);
      return app;
    };
    const send = (app: INestApplicationContext, ...texts: readonly string[]): Promise<void> =>
      app.get(AirlockService).run(async () => {
        for (const text of texts) await app.get(Post).send(text);
      });
    /** An application whose worker is at the slow one of these. */
    const startAtSlow = async (
      course: Course,
      ...texts: readonly string[]
    ): Promise<INestApplicationContext> => {
      await send(await start({ ...course, worker: false }), ...texts);
      const app = await start(course);
      await until(() => app.get(Post).begun.includes('slow'));
      return app;
    };
    /** Shuts down, and opens the gate when that is under way. */
    const closeAndOpen = async (app: INestApplicationContext): Promise<void> => {
      const closing = app.close();
      await new Promise((resolve) => setTimeout(resolve, 100));
      app.get(Post).open();
      await closing;
    };
    const jobs = async () =>
      Object.fromEntries(
        (await jobsIn(database)).map((job) => [String(job.args[0]), job] as const),
      );
    const states = async () =>
      Object.fromEntries(
        Object.entries(await jobs()).map(([text, { state }]) => [text, state] as const),
      );
    const tries = async () => (await jobsIn(database)).map(({ row }) => row['retry_count']);

    describe('when it shuts down in the midst of a batch', () => {
      it('ends what it runs, and gives back what it has not begun', async () => {
        const app = await startAtSlow({}, 'a', 'slow', 'c', 'd', 'e');
        await closeAndOpen(app);
        await until(async () => (await states())['slow'] === 'completed');
        expect(app.get(Post).begun).toEqual(['a', 'slow']);
        expect(await states()).toEqual({
          a: 'completed',
          slow: 'completed',
          c: 'retry',
          d: 'retry',
          e: 'retry',
        });
        expect(lines.of('error')).toEqual([]);
      });

      it('lets another worker run what was given back, without a try less', async () => {
        const app = await startAtSlow({}, 'slow', 'b', 'c');
        await closeAndOpen(app);
        const next = await start();
        await until(async () =>
          Object.values(await states()).every((state) => state === 'completed'),
        );
        expect(next.get(Post).begun).toEqual(['b', 'c']);
        expect(await tries()).toEqual([0, 0, 0]);
      });

      it('keeps what has ended when something outlasts the shutdown', async () => {
        const app = await startAtSlow(
          { retryLimit: 1, shutdownTimeoutMs: 50 },
          'a',
          'slow',
          'c',
          'd',
        );
        await app.close();
        await boss.stop({ graceful: false });
        expect(await states()).toEqual({ a: 'completed', slow: 'retry', c: 'retry', d: 'retry' });
        expect(app.get(Post).begun).toEqual(['a', 'slow']);

        const next = await start({ boss: database.boss() });
        next.get(Post).open();
        await until(async () =>
          Object.values(await states()).every((state) => state === 'completed'),
        );
        expect(next.get(Post).begun.toSorted()).toEqual(['c', 'd', 'slow']);
        expect((await jobs())['c']!.row['retry_count']).toBe(0);
        expect(lines.of('error').filter((line) => line.includes('failed'))).toEqual([]);
      });

      it('fails what has failed, with its own error', async () => {
        const app = await startAtSlow({}, 'bad', 'a', 'slow', 'd');
        await closeAndOpen(app);
        await until(async () => (await states())['slow'] === 'completed');
        expect(await states()).toEqual({
          bad: 'failed',
          a: 'completed',
          slow: 'completed',
          d: 'retry',
        });
        expect((await jobs())['bad']!.output).toMatchObject({ message: 'no such address' });
      });

      it('gives back what it was about to fetch', async () => {
        await send(await start({ worker: false }), 'a', 'b');
        const { app, closing } = await database.db.transaction(async (transaction) => {
          await transaction.execute(
            sql.raw(`lock table ${database.schema}.job in access exclusive mode`),
          );
          const app = await start();
          const waiting = `select 1 from pg_locks join pg_class on pg_class.oid = relation
                          where not granted and relnamespace = '${database.schema}'::regnamespace`;
          await until(async () => (await database.query(waiting)).length > 0);
          const closing = app.close();
          await new Promise((resolve) => setTimeout(resolve, 100));
          return { app, closing };
        });
        await closing;
        await until(async () => Object.values(await states()).every((state) => state === 'retry'));
        expect(app.get(Post).begun).toEqual([]);
        expect(await tries()).toEqual([0, 0]);
      });

      it('fails for good what it has no effect for', async () => {
        const sender = await start({ worker: false, retryLimit: 3, providers: [Newer] });
        await sender.get(AirlockService).run(async () => {
          await sender.get(Newer).send('new');
          for (const text of ['slow', 'c']) await sender.get(Post).send(text);
        });
        const app = await start({ retryLimit: 3 });
        await until(() => app.get(Post).begun.includes('slow'));
        await closeAndOpen(app);
        await until(async () => (await states())['slow'] === 'completed');
        expect(await states()).toEqual({ new: 'failed', slow: 'completed', c: 'retry' });
      });

      it('gives back to a queue of policy "short" what has been sent again under the same key', async () => {
        const course = {
          pgBoss: { queue: 'short', queues: { short: { policy: 'short' } } },
        } as const;
        const sendUnderKeys = (app: INestApplicationContext, ...texts: readonly string[]) =>
          app.get(AirlockService).run(() => {
            const post = app.get(Post);
            for (const singletonKey of texts)
              app
                .get(EffectBuffer)
                .defer(post, { dispatchOptions: { singletonKey } })
                .send(singletonKey);
          });
        const sender = await start({ ...course, worker: false });
        await sendUnderKeys(sender, 'a', 'slow', 'c');
        const app = await start(course);
        await until(() => app.get(Post).begun.includes('slow'));
        await sendUnderKeys(sender, 'c');
        await closeAndOpen(app);
        const all = async () =>
          (await jobsIn(database)).map(({ args, state }) => `${String(args[0])} ${state}`);
        await until(async () => !(await all()).some((text) => text.includes('active')));
        expect((await all()).toSorted()).toEqual([
          'a completed',
          'c created',
          'c retry',
          'slow completed',
        ]);
        expect(lines.of('error')).toEqual([]);
      });
    });

    describe('when it shuts down in the midst of a batch and giving back fails', () => {
      /** Refuses what gives back jobs, for so many times. */
      const refuseGivingBack = (times: number): void => {
        const db = boss.getDb();
        const executeSql = db.executeSql.bind(db);
        let refused = 0;
        db.executeSql = async (text, values) => {
          if (text.includes('started_on = NULL') && refused++ < times)
            throw new Error('deadlock detected');
          return executeSql(text, values);
        };
      };

      it('settles what has ended, and gives back job by job', async () => {
        const app = await startAtSlow({}, 'a', 'bad', 'slow', 'd', 'e');
        refuseGivingBack(1);
        await closeAndOpen(app);
        await until(async () => !Object.values(await states()).includes('active'));
        expect(await states()).toEqual({
          a: 'completed',
          bad: 'failed',
          slow: 'completed',
          d: 'retry',
          e: 'retry',
        });
        expect(lines.of('error').filter((line) => line.includes('given back'))).toEqual([]);
      });

      it('settles what has ended, and counts the others as failed once', async () => {
        const app = await startAtSlow({ retryLimit: 1 }, 'a', 'slow', 'c');
        const { id } = (await jobs())['c']!;
        refuseGivingBack(Infinity);
        await closeAndOpen(app);
        await until(async () => !Object.values(await states()).includes('active'));
        expect(await states()).toEqual({ a: 'completed', slow: 'completed', c: 'retry' });
        expect((await jobs())['c']!.row['started_on']).not.toBeNull();
        expect(lines.of('error')).toEqual([expect.stringContaining(`could not be given back`)]);
        expect(lines.of('error')[0]).toContain(id);
        expect(lines.of('error')[0]).toContain('deadlock detected');
      });
    });

    describe('when others have had jobs of its batch', () => {
      const BRIEF = { pgBoss: { jobOptions: { retryLimit: 3, expireInSeconds: 1 } } };
      const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

      it('begins none whose time was over', async () => {
        const app = await startAtSlow(BRIEF, 'slow', 'b', 'c');
        await sleep(1500);
        app.get(Post).open();
        await until(async () =>
          Object.values(await states()).every((state) => state === 'completed'),
        );
        const { begun } = app.get(Post);
        expect(begun.filter((text) => text !== 'slow')).toEqual(['b', 'c']);
      });

      it('neither gives back nor settles them at a shutdown', async () => {
        const first = await startAtSlow(
          { ...BRIEF, shutdownTimeoutMs: 2500, boss: database.boss() },
          'slow',
          'b',
          'c',
        );
        const longer = version === 12 ? 'expire_seconds = 60' : `expire_in = interval '60 s'`;
        await database.query(`update ${database.schema}.job set ${longer}`);
        const closing = first.close();
        await until(
          async () => Object.values(await states()).every((state) => state === 'retry'),
          2400,
        );
        const second = await start();
        await until(() => second.get(Post).begun.includes('slow'));
        await closing;
        expect(await states()).toEqual({ slow: 'active', b: 'active', c: 'active' });
        expect(await tries()).toEqual([1, 1, 1]);
        expect(first.get(Post).begun).toEqual(['slow']);
      });

      it('gives back only the attempt that it fetched, where the version tells attempts apart', async () => {
        const app = await startAtSlow({}, 'slow', 'b', 'c');
        await database.query(
          `update ${database.schema}.job set retry_count = 1, started_on = now() where data->'args'->>0 = 'b'`,
        );
        await closeAndOpen(app);
        await until(async () => (await states())['slow'] === 'completed');
        expect(await states()).toEqual({
          slow: 'completed',
          b: version === 12 ? 'active' : 'retry',
          c: 'retry',
        });
      });
    });
  });
});
