import { randomUUID } from 'node:crypto';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import {
  type ClientProvider,
  ClientsModule,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
} from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  type ExecutorRef,
  InProcessExecutor,
  ShuttingDownError,
  SideEffect,
} from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import {
  AirlockHealthIndicator,
  AirlockHealthModule,
  type AirlockHealthOptions,
} from 'nestjs-airlock/health';
import { AirlockMicroservicesModule, ClientProxyExecutor } from 'nestjs-airlock/microservices';
import {
  AirlockOutboxModule,
  type AirlockOutboxOptions,
  OutboxExecutor,
} from 'nestjs-airlock/outbox';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import request from 'supertest';
import { describeWith, freshDatabase, postgres, redis } from '../../servers.js';
import { Bench as BullMqBench, Mail as QueuedMail, within } from '../bullmq/fixtures.js';
import { Line } from '../line.js';
import { carriers, Rabbit } from '../microservices/fixtures.js';
import type { OutboxClient } from '../outbox/client.js';
import { connectPg } from '../outbox/clients/pg.js';
import { Courier } from '../outbox/fixtures.js';
import { PostgresGate } from '../pg-boss/postgres.gate.js';
import { EffectWorker } from '../../../lib/nest/remote/effect-worker.js';
import { Lines, until } from '../remote.js';

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(AirlockHealthIndicator) private readonly airlock: AirlockHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.airlock.isHealthy()]);
  }
}

@Injectable()
class Mail {
  failure: Error | undefined;

  @SideEffect()
  async send(text: string): Promise<void> {
    await Promise.resolve(text);
    if (this.failure !== undefined) throw this.failure;
  }
}

/** Whether this Terminus knows a third status beside `up` and `down`. */
const knowsDegraded = 'degraded' in new HealthIndicatorService().check('');
/** What the page says of an application that is degraded. */
const DEGRADED = knowsDegraded
  ? { status: 'degraded', airlock: { status: 'degraded' } }
  : { status: 'ok', airlock: { status: 'up', degraded: true } };

const closing: (() => Promise<unknown>)[] = [];

async function serve(
  health: AirlockHealthOptions = {},
  imports: NonNullable<ModuleMetadata['imports']> = [],
  airlock: AirlockModuleOptions = {},
): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [
      AirlockModule.forRoot(airlock),
      TerminusModule.forRoot({ logger: false }),
      AirlockHealthModule.forRoot(health),
      ...imports,
    ],
    controllers: [HealthController],
    providers: [Mail],
  })
    .setLogger(new Lines() as never)
    .compile();
  const app = module.createNestApplication();
  await app.init();
  closing.push(() => app.close());
  return app;
}

/** What a probe of the application is answered. */
async function health(app: INestApplication) {
  const { status, body } = await request(app.getHttpServer()).get('/health');
  return { code: status, status: body.status, airlock: body.details.airlock };
}

const send = (app: INestApplication): Promise<void> =>
  app
    .get(AirlockService)
    .run({ name: 'POST /orders', onDispatchError: 'report' }, () => app.get(Mail).send('secret'));

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

describe('AirlockHealthIndicator', () => {
  it('is up where all is well, by one line in a controller of any module', async () => {
    const app = await serve();
    await send(app);
    expect(await health(app)).toEqual({
      code: 200,
      status: 'ok',
      airlock: { status: 'up', openScopes: 0 },
    });
  });

  it('answers under the key that it is given', async () => {
    const app = await serve();
    expect(await app.get(AirlockHealthIndicator).isHealthy('effects')).toEqual({
      effects: { status: 'up', openScopes: 0 },
    });
  });

  describe('when effects failed lately', () => {
    async function failing(options?: AirlockHealthOptions) {
      const app = await serve(options);
      app.get(Mail).failure = new Error('no stamps for secret');
      await send(app);
      return app;
    }

    it('is degraded and names them, with nothing of what they were called with', async () => {
      const { airlock, ...page } = await health(await failing());
      expect({ ...page, airlock }).toMatchObject({ code: 200, ...DEGRADED });
      expect(airlock.problems).toEqual(['1 effect(s) failed in the last 60000 ms: Mail.send.']);
    });

    it('is up again when that is long enough ago', async () => {
      const app = await failing({ failureWindowMs: 50 });
      await until(async () => (await health(app)).airlock.problems === undefined);
      expect(await health(app)).toMatchObject({ status: 'ok', airlock: { status: 'up' } });
    });

    it('is up where as many may fail', async () => {
      const app = await failing({ maxFailures: 1 });
      expect(await health(app)).toMatchObject({ status: 'ok', airlock: { status: 'up' } });
      await send(app);
      expect(await health(app)).toMatchObject(DEGRADED);
    });

    it('is down where `isDegradedDown` says so', async () => {
      expect(await health(await failing({ isDegradedDown: true }))).toMatchObject({
        code: 503,
        status: 'error',
        airlock: { status: 'down', problems: [expect.stringContaining('Mail.send')] },
      });
    });

    it('counts no effect that a shutdown turns away', async () => {
      const app = await serve();
      const [worker, indicator] = [app.get(EffectWorker), app.get(AirlockHealthIndicator)];
      await app.close();
      const envelope = { v: 1, id: 'a:1', effect: 'Mail.send', args: [], at: 'now' };
      const run = async (): Promise<unknown> => worker.run(envelope);
      await expect(run()).rejects.toThrow(ShuttingDownError);
      expect(await indicator.isHealthy()).toMatchObject({ airlock: { status: 'up' } });
    });

    it('leaves another application of the process as it is', async () => {
      const other = await serve();
      await failing();
      expect(await health(other)).toMatchObject({ status: 'ok', airlock: { status: 'up' } });
    });
  });

  describe('when a scope does not come to its end', () => {
    it('is degraded and names it, and up again once it has ended', async () => {
      const app = await serve({ stuckScopeMs: 1 });
      const scope = app.get(AirlockService).open({ name: 'nightly run' });
      await until(async () => (await health(app)).airlock.problems !== undefined);
      const { airlock, ...page } = await health(app);
      expect({ ...page, airlock }).toMatchObject({ code: 200, ...DEGRADED });
      expect(airlock).toMatchObject({
        openScopes: 1,
        problems: [expect.stringMatching(/^1 scope.* more than 1 ms: .*nightly run/)],
      });
      scope.close();
      scope.discard();
      expect((await health(app)).airlock).toEqual({ status: 'up', openScopes: 0 });
    });

    it('waits for ever where that is wanted', async () => {
      const app = await serve({ stuckScopeMs: false });
      const scope = app.get(AirlockService).open();
      expect(await health(app)).toMatchObject({ status: 'ok', airlock: { openScopes: 1 } });
      scope.close();
      scope.discard();
    });
  });

  describe('when an option is wrong', () => {
    it.each([
      [{ timeoutMs: 0 }, 'timeoutMs'],
      [{ maxFailures: -1 }, 'maxFailures'],
      [{ oldRowMs: true as never }, 'oldRowMs'],
      [{ stuckMs: 5 } as never, 'stuckMs'],
    ])('refuses %j by name', (options, option) => {
      expect(() => AirlockHealthModule.forRoot(options)).toThrow(option);
    });
  });
});

describeWith(redis, 'AirlockHealthIndicator over BullMQ', () => {
  const bench = new BullMqBench();

  it('is down while the link to Redis is lost, and up when it is back', async () => {
    const line = new Line(redis);
    await line.mend();
    closing.push(() => line.cut());
    const app = await serve(
      { timeoutMs: 300 },
      [AirlockBullMqModule.forRoot({ connection: line.url, queue: bench.newName() })],
      { executor: BullMqExecutor as ExecutorRef },
    );
    expect(await health(app)).toMatchObject({ code: 200, airlock: { parts: { BullMQ: 'up' } } });
    await line.cut();
    expect(await health(app)).toMatchObject({
      code: 503,
      status: 'error',
      airlock: {
        status: 'down',
        parts: { BullMQ: 'down' },
        problems: [
          expect.stringMatching(
            /^Redis at 127.0.0.1:\d+ did not answer within 300 ms: no effect can be sent\..* `timeoutMs`\.$/,
          ),
        ],
      },
    });
    await line.mend();
    await until(async () => (await health(app)).code === 200);
  });

  it('is down where Redis takes what it is asked and does not answer', async () => {
    const line = new Line(redis);
    await line.mend();
    closing.push(() => line.cut());
    const app = await serve({ timeoutMs: 100 }, [
      AirlockBullMqModule.forRoot({
        connection: line.url,
        queue: bench.newName(),
        dispatchTimeoutMs: 1_000,
      }),
    ]);
    line.deafen();
    expect(await health(app)).toMatchObject({
      code: 503,
      airlock: { problems: ['BullMQ did not answer within 100 ms.'] },
    });
    line.drop();
  });

  it('counts what fails in a worker of this process', async () => {
    const worker = await bench.worker({ imports: [AirlockHealthModule.forRoot()] });
    const indicator = worker.get(AirlockHealthIndicator);
    await within(worker, () => worker.get(QueuedMail).send('a'));
    await until(() => worker.get(QueuedMail).sent.length === 1);
    expect(await indicator.isHealthy()).toMatchObject({ airlock: { status: 'up' } });
    await within(worker, () => worker.get(QueuedMail).sendStubbornly('a'));
    await until(() => worker.get(QueuedMail).sent.length === 4);
    await until(async () => {
      const { airlock } = await indicator.isHealthy();
      return String(airlock['problems']).includes('3 effect(s) failed');
    });
  });
});

describeWith(postgres, 'AirlockHealthIndicator over pg-boss', () => {
  async function overGate(options: AirlockHealthOptions) {
    const database = await freshDatabase();
    const gate = new PostgresGate();
    await gate.open();
    closing.push(
      () => database.drop(),
      () => gate.shut(),
    );
    const url = new URL(gate.url);
    url.pathname = new URL(database.url).pathname;
    const boss = { connectionString: url.href, schedule: false, supervise: false };
    const app = await serve(options, [AirlockPgBossModule.forRoot({ boss })], {
      executor: PgBossExecutor as ExecutorRef,
    });
    return { app, gate };
  }

  it('is down while PostgreSQL cannot be reached, and up when it is back', async () => {
    const { app, gate } = await overGate({ timeoutMs: 500 });
    expect(await health(app)).toMatchObject({ airlock: { parts: { 'pg-boss': 'up' } } });
    await gate.shut();
    expect(await health(app)).toMatchObject({
      code: 503,
      airlock: { parts: { 'pg-boss': 'down' } },
    });
    await gate.open();
    await until(async () => (await health(app)).code === 200);
  });

  it('holds one connection while PostgreSQL is silent, however often it is asked', async () => {
    const { app, gate } = await overGate({ timeoutMs: 100 });
    expect((await health(app)).airlock.parts).toEqual({ 'pg-boss': 'up' });
    const { connections } = gate;
    gate.fallSilent();
    for (let checks = 0; checks < connections + 2; checks++)
      expect((await health(app)).airlock.problems).toEqual([
        expect.stringMatching(/ within 100 ms: no effect can be sent\..* `timeoutMs`\.$/),
      ]);
    expect(gate.connections).toBe(connections);
    await gate.shut();
  });
});

for (const [name, carrier] of Object.entries(carriers)) {
  describeWith(carrier.server, `AirlockHealthIndicator over a broker (${name})`, () => {
    it('is down while the link is lost, and up when it is back', async () => {
      const subject = `test-${randomUUID().slice(0, 8)}`;
      const line = new Line(carrier.server);
      await line.mend();
      closing.push(() => line.cut());
      if (carrier === carriers.rabbitmq) {
        const rabbit = new Rabbit();
        await rabbit.open(subject);
        closing.push(() => rabbit.close(subject));
      }
      const client = {
        name: 'BROKER',
        ...carrier.options(subject, line.url, 'client'),
      } as ClientProvider & MicroserviceOptions & { name: string };
      const app = await serve(
        { timeoutMs: 500 },
        [
          ClientsModule.register([client]),
          AirlockMicroservicesModule.forRoot({ client: 'BROKER', pattern: subject }),
        ],
        { executor: ClientProxyExecutor as ExecutorRef },
      );
      expect(await health(app)).toMatchObject({ airlock: { parts: { 'message broker': 'up' } } });
      await line.cut();
      await until(async () => (await health(app)).airlock.parts['message broker'] === 'down');
      expect((await health(app)).airlock.problems).toEqual([
        expect.stringMatching(/ within 500 ms: no effect can be sent\..* `timeoutMs`\.$/),
      ]);
      await line.mend();
      await until(async () => (await health(app)).code === 200);
      await app.get(AirlockService).run(() => app.get(Mail).send('a'));
    });
  });
}

describeWith(postgres, 'AirlockHealthIndicator over an outbox', () => {
  let client: OutboxClient;

  beforeAll(async () => {
    client = await connectPg();
  });

  afterAll(() => client?.close());

  async function withOutbox(
    options: AirlockHealthOptions,
    table: string,
    rest?: Partial<AirlockOutboxOptions>,
  ) {
    const courier = new Courier();
    const outbox = AirlockOutboxModule.forRoot({
      dialect: 'postgres',
      connection: client.connection,
      createTable: true,
      table,
      executor: courier,
      retryDelayMs: 60_000,
      ...rest,
    });
    const app = await serve(options, [outbox], { executor: OutboxExecutor });
    const write = (): Promise<void> =>
      app.get(AirlockService).run(() => client.transaction(() => app.get(Mail).send('secret')));
    return { app, courier, write };
  }

  it('is degraded when rows are old, and says how many', async () => {
    const { app, courier, write } = await withOutbox({ oldRowMs: 1, maxFailures: 1 }, 'old_rows');
    await write();
    await until(async () => (await health(app)).airlock.parts.outbox === 'up');
    courier.before = () => {
      throw new Error('no such address');
    };
    await write();
    await until(async () => (await health(app)).airlock.problems !== undefined);
    const { airlock, ...page } = await health(app);
    expect({ ...page, airlock }).toMatchObject({ code: 200, ...DEGRADED });
    expect(airlock.parts).toEqual({ outbox: 'degraded' });
    expect(airlock.problems).toEqual([
      expect.stringContaining('1 row(s) in the outbox are older than 1 ms'),
    ]);
  });

  it('holds one connection while the table is locked, however often it is asked', async () => {
    // The server tells of all connections, those of the other version's run too.
    const table = `locked_rows_${process.pid}`;
    const { app } = await withOutbox({ timeoutMs: 100 }, table, {
      dispatchTimeoutMs: 500,
    });
    await client.transaction(async (tx) => {
      await tx.query(`lock table ${table} in access exclusive mode`);
      // Longer than the outbox waits for its own statements.
      for (let checks = 0; checks < 6; checks++)
        expect((await health(app)).airlock).toMatchObject({
          status: 'down',
          problems: ['outbox did not answer within 100 ms.'],
        });
      const waiting = await tx.query(
        `select query from pg_stat_activity where wait_event_type = 'Lock' and query like 'select count(*)%${table}%'`,
      );
      expect(waiting).toHaveLength(1);
    });
    expect((await health(app)).airlock.parts).toEqual({ outbox: 'up' });
  });

  describe('when swept rows cannot be run', () => {
    it.each([
      ['their effect is unknown', 'Mail.gone', 'Mail.gone'],
      ['their arguments cannot be read', 'Mail.send', 'Mail.send'],
      ['they are no effects', undefined, 'Mail.written'],
    ])('is degraded where %s', async (_, effect, told) => {
      const { app } = await withOutbox({}, 'broken_rows', {
        executor: InProcessExecutor,
        sweepIntervalMs: 20,
        serializer: {
          serialize: (args) => args,
          deserialize: () => {
            throw new Error('no such key');
          },
        },
      });
      const envelope = { v: 1, id: 'a:1', effect, args: [], at: new Date().toISOString() };
      await client.connection.query(
        'insert into broken_rows (id, position, effect, envelope, written_at, due_at) values ($1, 1, $2, $3, $4, 1)',
        [randomUUID(), effect ?? 'Mail.written', JSON.stringify(envelope), Date.now()],
      );
      await until(async () => (await health(app)).airlock.problems !== undefined);
      expect((await health(app)).airlock).toMatchObject({
        problems: [`1 effect(s) failed in the last 60000 ms: ${told}.`],
      });
      await client.connection.query('delete from broken_rows', []);
    });
  });

  it('is down where the table is gone', async () => {
    const { app } = await withOutbox({ oldRowMs: false }, 'gone_rows');
    expect((await health(app)).airlock.parts).toEqual({ outbox: 'up' });
    await client.transaction((tx) => tx.query('drop table gone_rows'));
    expect(await health(app)).toMatchObject({ code: 503, airlock: { parts: { outbox: 'down' } } });
  });
});
