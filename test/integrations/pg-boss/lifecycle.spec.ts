import { Global, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, AirlockOptionsError, AirlockService, DispatchError } from 'nestjs-airlock';
import {
  AirlockPgBossModule,
  type AirlockPgBossOptions,
  PgBossExecutor,
} from 'nestjs-airlock/pg-boss';
import { EngineUnreachableError } from '../../../lib/errors/engine-unreachable.error.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { Mail } from './mail.js';
import { boot, type Database, jobsIn, onPostgres, until } from './pg-boss.fixtures.js';
import { PostgresGate } from './postgres.gate.js';

jest.setTimeout(60_000);

describeWith(postgres, 'AirlockPgBossModule', () => {
  let database: Database;
  let apps: INestApplicationContext[];

  beforeEach(() => {
    database = onPostgres(12);
    apps = [];
  });

  afterEach(async () => {
    for (const app of apps) await app.close();
    await database.close();
  });

  const start = async (
    pgBoss: AirlockPgBossOptions,
    shutdownTimeoutMs = 10_000,
  ): Promise<INestApplicationContext> => {
    const app = await boot({ pgBoss, airlock: { shutdownTimeoutMs }, providers: [Mail] });
    apps.push(app);
    return app;
  };
  const close = async (app: INestApplicationContext): Promise<void> => {
    apps = apps.filter((one) => one !== app);
    await app.close();
  };
  const send = (app: INestApplicationContext, text: string): Promise<void> =>
    app.get(AirlockService).run(() => app.get(Mail).send(text));

  /** What to build a `PgBoss` of one's own with. */
  const options = (connectionString = postgres.url, application_name = 'airlock test') => ({
    connectionString,
    application_name,
    schema: database.schema,
    schedule: false,
    supervise: false,
  });

  describe('when it is given what to build a PgBoss with', () => {
    it('starts it with the application and stops it at the end', async () => {
      const name = database.schema.slice(0, 40);
      const connections = async () =>
        (await database.query('select 1 from pg_stat_activity where application_name = $1', [name]))
          .length;
      const app = await start({ boss: options(postgres.url, name), worker: true });
      await send(app, 'letter');
      await until(() => app.get(Mail).sent.length === 1);
      expect(await connections()).toBeGreaterThan(0);
      await close(app);
      await until(async () => (await connections()) === 0);
    });

    it('gives jobs that outlast the shutdown back, so that another application runs them', async () => {
      const worker = { pollingIntervalSeconds: 0.5 };
      const first = await start({ boss: options(), worker, jobOptions: { retryLimit: 1 } }, 50);
      const open = first.get(Mail).closeGate();
      await first.get(AirlockService).run(() => first.get(Mail).sendSlowly('letter'));
      await until(() => first.get(Mail).sent.length === 1);
      await close(first);
      expect((await jobsIn(database)).map(({ state }) => state)).toEqual(['retry']);

      const second = await start({ boss: options(), worker });
      await until(() => second.get(Mail).sent.length === 2);
      expect(second.get(Mail).sent).toEqual(['letter begins', 'letter ends']);
      open();
    });

    it('fails of a batch only what outlasts the shutdown, and gives back what has not begun', async () => {
      const worker = { pollingIntervalSeconds: 0.5, batchSize: 5 };
      const jobOptions = { retryLimit: 0 };
      const first = await start({ boss: options(), worker, jobOptions }, 50);
      const mail = first.get(Mail);
      const open = mail.closeGate();
      await first.get(AirlockService).run(async () => {
        await mail.send('first');
        await mail.sendSlowly('second');
        await mail.send('third');
      });
      await until(() => mail.sent.length === 2);
      await close(first);
      expect((await jobsIn(database)).map(({ state }) => state)).toEqual([
        'completed',
        'failed',
        'retry',
      ]);

      const second = await start({ boss: options(), worker, jobOptions });
      await until(() => second.get(Mail).sent.length === 1);
      expect(second.get(Mail).sent).toEqual(['third']);
      open();
    });
  });

  describe('when it is given a PgBoss', () => {
    it('starts it where it is not started, and leaves it running', async () => {
      const boss = database.boss();
      const app = await start({ boss });
      await close(app);
      expect(await boss.getQueue('airlock')).toMatchObject({ name: 'airlock' });
    });

    it('listens to its errors where nobody else does, since they would end the process', async () => {
      const boss = database.boss();
      await start({ boss });
      expect(boss.listenerCount('error')).toBe(1);
    });
  });

  describe('when it is given the token of a provider', () => {
    const provided = (token: string) => {
      @Global()
      @Module({
        providers: [{ provide: token, useFactory: () => database.boss() }],
        exports: [token],
      })
      class BossModule {}
      return BossModule;
    };

    it('finds it in whatever module', async () => {
      const app = await boot({
        pgBoss: { boss: 'BOSS' },
        imports: [provided('BOSS')],
        providers: [Mail],
      });
      apps.push(app);
      await send(app, 'letter');
      expect(await jobsIn(database)).toHaveLength(1);
    });

    it('says so if there is none', async () => {
      const error = await errorOf(() => start({ boss: 'BOSS' }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockPgBossModule found no provider `BOSS`');
    });

    it('takes options from other providers as well', async () => {
      @Module({
        imports: [
          provided('BOSS'),
          AirlockModule.forRoot({ executor: PgBossExecutor }),
          AirlockPgBossModule.forRootAsync({
            inject: ['BOSS'],
            useFactory: (boss: AirlockPgBossOptions['boss']) => ({ boss, queue: 'letters' }),
          }),
        ],
        providers: [Mail],
      })
      class AppModule {}

      const app = await NestFactory.createApplicationContext(AppModule, {
        logger: false,
        abortOnError: false,
      });
      apps.push(app);
      await send(app, 'letter');
      expect((await jobsIn(database)).map(({ queue }) => queue)).toEqual(['letters']);
    });
  });

  describe('when queues are created elsewhere', () => {
    it('does not start without them, and says which one is missing', async () => {
      const error = await errorOf(() =>
        start({ boss: database.boss(), createQueues: false, queue: 'letters' }),
      );
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('pg-boss has no queue "letters"');
    });

    it('uses those that are there', async () => {
      const boss = database.boss();
      await boss.start();
      await boss.createQueue('airlock');
      await send(await start({ boss, createQueues: false }), 'letter');
      expect(await jobsIn(database)).toHaveLength(1);
    });
  });

  describe('when PostgreSQL cannot be reached', () => {
    let gate: PostgresGate;

    beforeEach(async () => {
      gate = new PostgresGate();
      await gate.open();
    });

    afterEach(async () => {
      for (const app of apps.splice(0)) await app.close();
      await gate.shut();
    });

    it('gives up starting after a while, and says why', async () => {
      await gate.shut();
      const error = await errorOf<EngineUnreachableError>(() =>
        start({ boss: options(gate.url), dispatchTimeoutMs: 3_000 }),
      );
      expect(error).toBeInstanceOf(EngineUnreachableError);
      expect(error.message).toContain(
        'did not answer within 3000 ms: the application cannot start',
      );
      expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('gives up as well where something listens but never answers', async () => {
      gate.fallSilent();
      const error = await errorOf(() => start({ boss: options(gate.url), dispatchTimeoutMs: 300 }));
      expect(error).toBeInstanceOf(EngineUnreachableError);
    });

    it('says why also where an attempt is under way when the time is over', async () => {
      await gate.shut();
      const starting = errorOf<EngineUnreachableError>(() =>
        start({ boss: options(gate.url), dispatchTimeoutMs: 1_500 }),
      );
      await new Promise((resolve) => setTimeout(resolve, 700));
      await gate.open();
      gate.fallSilent();
      expect((await starting).cause).toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('starts once it is there', async () => {
      await gate.shut();
      const starting = start({ boss: options(gate.url) });
      await new Promise((resolve) => setTimeout(resolve, 200));
      await gate.open();
      await send(await starting, 'letter');
      expect(await jobsIn(database)).toHaveLength(1);
    });

    it('says at once what waiting would not change', async () => {
      const error = await errorOf(() =>
        start({ boss: options(gate.url.replace(/\/\w*$/, '/no_such_database')) }),
      );
      expect(error.message).toContain('database "no_such_database" does not exist');
    });

    it('waits with a flush for its return, and writes everything once', async () => {
      const app = await start({ boss: options(gate.url) });
      await gate.shut();
      const sending = send(app, 'letter');
      await new Promise((resolve) => setTimeout(resolve, 200));
      await gate.open();
      await sending;
      expect(await jobsIn(database)).toHaveLength(1);
    });

    it('reports effects that could not be written in time', async () => {
      await database.boss().start();
      const app = await start({ boss: options(gate.url), dispatchTimeoutMs: 2_000 });
      await gate.shut();
      const error = await errorOf<DispatchError>(() => send(app, 'letter'));
      expect(error).toBeInstanceOf(DispatchError);
      expect(error.failures.map((failure) => failure.error)).toEqual([
        expect.any(EngineUnreachableError),
      ]);
      expect(await jobsIn(database)).toEqual([]);
    });

    it('goes on working after an outage', async () => {
      const app = await start({ boss: options(gate.url), worker: { pollingIntervalSeconds: 0.5 } });
      await gate.shut();
      await new Promise((resolve) => setTimeout(resolve, 700));
      await gate.open();
      await send(app, 'letter');
      await until(() => app.get(Mail).sent.length > 0);
      expect(app.get(Mail).sent).toEqual(['letter']);
    });
  });
});
