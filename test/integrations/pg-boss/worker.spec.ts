import { type INestApplicationContext, Injectable, Scope } from '@nestjs/common';
import { AirlockService, EffectBuffer, SideEffect } from 'nestjs-airlock';
import { describeWith, postgres } from '../../servers.js';
import { Mail, Newsletter } from './mail.js';
import {
  boot,
  type Database,
  jobsIn,
  Lines,
  NOTIFY,
  onPostgres,
  type Parts,
  until,
  type Version,
} from './pg-boss.fixtures.js';

jest.setTimeout(60_000);

const versions: readonly Version[] = [12, 10];

describeWith(postgres, 'PgBossExecutor and its worker', () => {
  describe.each(versions)('with pg-boss %i', (version) => {
    let database: Database;
    let apps: INestApplicationContext[];

    beforeAll(() => {
      database = onPostgres(version);
    });

    beforeEach(async () => {
      apps = [];
    });

    afterEach(async () => {
      for (const app of apps) await app.close();
      await database.query(`delete from ${database.schema}.job`);
    });

    afterAll(() => database.close());

    const queues = { ...NOTIFY, airlock: { ...NOTIFY.airlock, deadLetter: 'airlock_dead' } };
    const start = async (parts: Partial<Parts> = {}): Promise<INestApplicationContext> => {
      const app = await boot({
        providers: [Mail],
        ...parts,
        pgBoss: { boss: database.boss(), queues, ...parts.pgBoss },
      });
      apps.push(app);
      return app;
    };
    const working = (options: object = {}): Partial<Parts> => ({
      pgBoss: { worker: { pollingIntervalSeconds: 0.5, ...options } } as Parts['pgBoss'],
    });
    const states = async (queue = 'airlock') =>
      (await jobsIn(database)).filter((job) => job.queue === queue).map(({ state }) => state);

    describe('when an effect fails and its job has tries left', () => {
      it('runs it again, each try in a scope of its own, so that only the last one calls effects', async () => {
        const app = await start(working());
        const mail = app.get(Mail);
        mail.failures = 2;
        await app.get(AirlockService).run(() => mail.sendStubbornly('letter'));
        await until(
          async () => (await states()).filter((state) => state === 'completed').length === 2,
        );
        expect(mail.sent).toEqual(['letter', 'letter', 'letter', 'copy of letter in try 3']);
      });
    });

    describe('when an effect fails in its last try', () => {
      it('is kept as failed with its error, and in the dead letter queue, which nobody works', async () => {
        const lines = new Lines();
        const app = await start({ ...working(), lines });
        const mail = app.get(Mail);
        mail.failures = Infinity;
        await app.get(AirlockService).run(() =>
          app
            .get(EffectBuffer)
            .defer(mail, { dispatchOptions: { retryLimit: 1 } })
            .sendStubbornly('letter'),
        );
        await until(
          async () =>
            (await states()).includes('failed') && (await states('airlock_dead')).length === 1,
        );
        const [failed] = (await jobsIn(database)).filter(({ queue }) => queue === 'airlock');
        expect(failed!.output).toMatchObject({ message: 'letter came back' });
        expect(await states('airlock_dead')).toEqual(['created']);
        expect(mail.sent).toEqual(['letter', 'letter']);
        expect(lines.of('error')).toEqual([
          expect.stringMatching(
            /^Effect Mail\.sendStubbornly \(job .+ of queue "airlock"\) failed: letter came back$/,
          ),
          expect.stringContaining('letter came back'),
        ]);
      });
    });

    describe('when a job is no effect of this application', () => {
      it('fails it, naming what it knows, and keeps it', async () => {
        const newer = await start({ providers: [Mail, Newsletter] });
        await newer.get(AirlockService).run(() => newer.get(Newsletter).send('news'));
        const lines = new Lines();
        await start({ ...working(), lines });
        await until(async () => (await states()).includes('failed'));
        const [failed] = (await jobsIn(database)).filter(({ queue }) => queue === 'airlock');
        expect(failed!.output).toMatchObject({
          effect: 'Newsletter.send',
          known: expect.arrayContaining(['Mail.send']),
        });
        expect(lines.of('error').filter((line) => line.startsWith('Effect'))).toHaveLength(1);
        expect(lines.of('error')[0]).toContain('No effect is named "Newsletter.send" here.');
      });

      it('fails one that is no effect at all', async () => {
        await start();
        await database.query(
          `insert into ${database.schema}.job (name, data, retry_limit) values ('airlock', '{"hello": "world"}', 0)`,
        );
        await start(working());
        await until(async () => (await states()).includes('failed'));
        const [failed] = (await jobsIn(database)).filter(({ queue }) => queue === 'airlock');
        expect(failed!.output).toMatchObject({
          message: expect.stringContaining('its version is missing'),
        });
      });
    });

    describe('when jobs are fetched several at a time', () => {
      it('runs them in order, and again only the one that failed', async () => {
        const app = await start();
        const mail = app.get(Mail);
        await app.get(AirlockService).run(async () => {
          await mail.send('one');
          await mail.sendStubbornly('two');
          await mail.send('three');
        });
        const worker = await start(working({ batchSize: 10 }));
        const { sent } = Object.assign(worker.get(Mail), { failures: 1 });
        await until(
          async () => (await states()).filter((state) => state === 'completed').length === 4,
        );
        expect(sent.toSorted((a, b) => a.localeCompare(b))).toEqual([
          'copy of two in try 2',
          'one',
          'three',
          'two',
          'two',
        ]);
      });
    });

    describe('when several effects may run at the same time', () => {
      it('runs that many and no more', async () => {
        const app = await start(working({ concurrency: 2 }));
        const mail = app.get(Mail);
        const open = mail.closeGate();
        await app.get(AirlockService).run(async () => {
          for (const text of ['a', 'b', 'c']) await mail.sendSlowly(text);
        });
        await until(() => mail.sent.length === 2);
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(mail.sent).toHaveLength(2);
        open();
        await until(() => mail.sent.length === 6);
      });
    });

    describe('when the provider of an effect is request-scoped', () => {
      it('makes one for each run', async () => {
        @Injectable({ scope: Scope.REQUEST })
        class PerRequest {
          readonly seen: number[] = [];

          @SideEffect()
          async see(id: number): Promise<void> {
            this.seen.push(id);
            runs.push(this.seen);
          }
        }
        const runs: (readonly number[])[] = [];
        const app = await start({ ...working(), providers: [PerRequest] });
        const callee = await app.resolve(PerRequest);
        await app.get(AirlockService).run(async () => {
          await callee.see(1);
          await callee.see(2);
        });
        await until(() => runs.length === 2);
        expect(runs).toEqual([[1], [2]]);
        expect(callee.seen).toEqual([]);
      });
    });

    describe('when two applications work one queue', () => {
      it('runs every job once', async () => {
        const [first, second] = [await start(working()), await start(working())];
        const texts = Array.from({ length: 30 }, (_unused, i) => `${i}`);
        await first.get(AirlockService).run(async () => {
          for (const text of texts) await first.get(Mail).send(text);
        });
        const sent = () => [...first.get(Mail).sent, ...second.get(Mail).sent];
        await until(async () => (await states()).every((state) => state === 'completed'));
        expect(sent()).toHaveLength(texts.length);
        expect(new Set(sent())).toEqual(new Set(texts));
      });
    });

    describe('when an application has no worker', () => {
      it('leaves its jobs to others', async () => {
        const app = await start();
        await app.get(AirlockService).run(() => app.get(Mail).send('letter'));
        const worker = await start(working());
        await until(() => worker.get(Mail).sent.length === 1);
        expect(app.get(Mail).sent).toEqual([]);
      });
    });

    describe('when a working application shuts down', () => {
      it('ends and settles what it runs, and leaves the rest where it is', async () => {
        const app = await start(working());
        const mail = app.get(Mail);
        const open = mail.closeGate();
        await app.get(AirlockService).run(async () => {
          await mail.sendSlowly('running');
          await mail.send('waiting');
        });
        await until(() => mail.sent.length === 1);
        apps = [];
        const closing = app.close();
        await new Promise((resolve) => setTimeout(resolve, 50));
        open();
        await closing;
        expect(mail.sent).toEqual(['running begins', 'running ends']);
        // Version 10 settles a job without waiting for it.
        await until(async () => (await states()).join() === 'completed,created');

        const next = await start(working());
        await until(() => next.get(Mail).sent.length === 1);
        expect(next.get(Mail).sent).toEqual(['waiting']);
      });
    });
  });
});
