import { type INestApplicationContext, Injectable } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { AirlockService, SideEffect } from 'nestjs-airlock';
import type { PgBossClient } from 'nestjs-airlock/pg-boss';
import { describeWith, postgres } from '../../servers.js';
import { boot, type Database, jobsIn, Lines, NOTIFY, onPostgres, until, type Version } from './pg-boss.fixtures.js';

jest.setTimeout(30_000);

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

describeWith(postgres, 'a worker of pg-boss that fetches several jobs at a time', () => {
  describe.each(versions)('with pg-boss %i, when it shuts down in the midst of a batch', (version) => {
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
    }
    const start = async (course: Course = {}): Promise<INestApplicationContext> => {
      const { retryLimit = 0, shutdownTimeoutMs = 10_000, worker = true } = course;
      const app = await boot({
        providers: [Post],
        airlock: { shutdownTimeoutMs },
        pgBoss: {
          boss: course.boss ?? boss,
          queues: NOTIFY,
          jobOptions: { retryLimit },
          worker: worker && { batchSize: 5, pollingIntervalSeconds: 0.5 },
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
    const startAtSlow = async (course: Course, ...texts: readonly string[]): Promise<INestApplicationContext> => {
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
      Object.fromEntries((await jobsIn(database)).map((job) => [String(job.args[0]), job] as const));
    const states = async () =>
      Object.fromEntries(Object.entries(await jobs()).map(([text, { state }]) => [text, state] as const));
    const tries = async () => (await jobsIn(database)).map(({ row }) => row['retry_count']);

    it('ends what it runs, and gives back what it has not begun', async () => {
      const app = await startAtSlow({}, 'a', 'slow', 'c', 'd', 'e');
      await closeAndOpen(app);
      await until(async () => (await states())['slow'] === 'completed');
      expect(app.get(Post).begun).toEqual(['a', 'slow']);
      expect(await states()).toEqual({
        a: 'completed',
        slow: 'completed',
        c: 'created',
        d: 'created',
        e: 'created',
      });
      expect(lines.of('error')).toEqual([]);
    });

    it('lets another worker run what was given back, without a try less', async () => {
      const app = await startAtSlow({}, 'slow', 'b', 'c');
      await closeAndOpen(app);
      const next = await start();
      await until(async () => Object.values(await states()).every((state) => state === 'completed'));
      expect(next.get(Post).begun).toEqual(['b', 'c']);
      expect(await tries()).toEqual([0, 0, 0]);
    });

    it('keeps what has ended when something outlasts the shutdown', async () => {
      const app = await startAtSlow({ retryLimit: 1, shutdownTimeoutMs: 50 }, 'a', 'slow', 'c', 'd');
      await app.close();
      await boss.stop({ graceful: false });
      expect(await states()).toEqual({ a: 'completed', slow: 'retry', c: 'created', d: 'created' });
      expect(app.get(Post).begun).toEqual(['a', 'slow']);

      const next = await start({ boss: database.boss() });
      next.get(Post).open();
      await until(async () => Object.values(await states()).every((state) => state === 'completed'));
      expect(next.get(Post).begun.toSorted()).toEqual(['c', 'd', 'slow']);
      expect((await jobs())['c']!.row['retry_count']).toBe(0);
      expect(lines.of('error').filter((line) => line.includes('failed'))).toEqual([]);
    });

    it('fails what has failed, with its own error', async () => {
      const app = await startAtSlow({}, 'bad', 'a', 'slow', 'd');
      await closeAndOpen(app);
      await until(async () => (await states())['slow'] === 'completed');
      expect(await states()).toEqual({ bad: 'failed', a: 'completed', slow: 'completed', d: 'created' });
      expect((await jobs())['bad']!.output).toMatchObject({ message: 'no such address' });
    });

    it('gives back what it was about to fetch', async () => {
      await send(await start({ worker: false }), 'a', 'b');
      const { app, closing } = await database.db.transaction(async (transaction) => {
        await transaction.execute(sql.raw(`lock table ${database.schema}.job in access exclusive mode`));
        const app = await start();
        const waiting = `select 1 from pg_locks join pg_class on pg_class.oid = relation
                          where not granted and relnamespace = '${database.schema}'::regnamespace`;
        await until(async () => (await database.query(waiting)).length > 0);
        const closing = app.close();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { app, closing };
      });
      await closing;
      await until(async () => Object.values(await states()).every((state) => state === 'created'));
      expect(app.get(Post).begun).toEqual([]);
      expect(await tries()).toEqual([0, 0]);
    });
  });
});
